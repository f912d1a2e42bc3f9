"""Which iris is it? Four lengths and widths tell.

Usage: mlrun train --model keras_iris.py
"""

from pathlib import Path

import keras
import tensorflow as tf

from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parent / "data"
FEATURES = {"iris_input": ["sepal_length", "sepal_width", "petal_length", "petal_width"]}


def build_model(units: int = 10, lr: float = 0.01) -> keras.Model:
    """Returns a compiled classifier of `{"iris_input": float32 [batch, 4]}` into three species."""
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu", name="iris"),
            keras.layers.Dense(3, activation="softmax", name="probabilities"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(lr),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train_input_fn() -> tf.data.Dataset:
    """Returns the 120 training flowers, shuffled, again and again."""
    return csv_input_fn(
        DATA / "iris_train.csv",
        label="species",
        features=FEATURES,
        batch_size=32,
        num_epochs=None,
        shuffle=True,
    )()


def eval_input_fn() -> tf.data.Dataset:
    """Returns the 30 flowers held back, once."""
    return csv_input_fn(DATA / "iris_test.csv", label="species", features=FEATURES, shuffle=False)()
