"""A model of several kinds of state, whose size is a parameter."""

from pathlib import Path

import keras

from kerasrun import estimator as tf_estimator
from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parents[3] / "examples" / "data"
FEATURES = {"iris_input": ["sepal_length", "sepal_width", "petal_length", "petal_width"]}

run_config = tf_estimator.RunConfig(deterministic=True)


def build_model(units: int = 8) -> keras.Model:
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu", name="iris"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(3, activation="softmax", name="probabilities"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


train_input_fn = csv_input_fn(
    DATA / "iris_train.csv",
    label="species",
    features=FEATURES,
    batch_size=16,
    num_epochs=None,
    shuffle=True,
)
eval_input_fn = csv_input_fn(
    DATA / "iris_test.csv", label="species", features=FEATURES, shuffle=False
)
