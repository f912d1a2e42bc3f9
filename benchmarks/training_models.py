"""The models and data that the loops are measured with: tiny steps, large tables, convolutions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerasrun.input_fns import csv_input_fn, numpy_input_fn

_IRIS = Path(__file__).parents[1] / "examples" / "data" / "iris_train.csv"
_IRIS_FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
_COLUMNS, _BUCKETS, _NUMBERS = 26, 10_000, 13


class Task(NamedTuple):
    """What is trained.

    Attributes:
        build_model: Returns a compiled model.
        input_fn: Returns the endless training data.
        steps: How many steps make one measurement: a tenth of a second or more.
    """

    build_model: Callable[[], keras.Model]
    input_fn: Callable[[], tf.data.Dataset]
    steps: int


def _iris_model() -> keras.Model:
    model = keras.Sequential(
        [
            keras.layers.Dense(10, activation="relu", name="iris"),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adagrad(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


_iris_data = csv_input_fn(
    _IRIS,
    label="species",
    features={"iris_input": _IRIS_FEATURES},
    batch_size=32,
    num_epochs=None,
    shuffle=True,
)


def _wide_and_deep(optimizer: Callable[[], keras.optimizers.Optimizer]) -> keras.Model:
    categories = keras.Input([_COLUMNS], dtype="int64", name="categories")
    numbers = keras.Input([_NUMBERS], name="numbers")
    embedded = [
        keras.layers.Embedding(_BUCKETS, 16, name=f"table_{i}")(categories[:, i])
        for i in range(_COLUMNS)
    ]
    deep = keras.layers.Concatenate()([*embedded, numbers])
    for units in (256, 128):
        deep = keras.layers.Dense(units, activation="relu")(deep)
    click = keras.layers.Dense(1, activation="sigmoid")(deep)
    model = keras.Model([categories, numbers], click)
    model.compile(optimizer(), "binary_crossentropy", metrics=["accuracy"])
    return model


def _clicks() -> tf.data.Dataset:
    chance = np.random.default_rng(1)
    x: dict[str, Any] = {
        "categories": chance.integers(0, _BUCKETS, (20_480, _COLUMNS)),
        "numbers": chance.random((20_480, _NUMBERS), "float32"),
    }
    y = chance.integers(0, 2, 20_480)
    return numpy_input_fn(x, y, batch_size=512, num_epochs=None, shuffle=True)()


def _cnn_model() -> keras.Model:
    model = keras.Sequential(
        [
            keras.layers.Conv2D(32, 3, activation="relu", name="image"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _images() -> tf.data.Dataset:
    chance = np.random.default_rng(1)
    x = {"image_input": chance.random((4096, 28, 28, 1), "float32")}
    y = chance.integers(0, 10, 4096)
    return numpy_input_fn(x, y, batch_size=64, num_epochs=None, shuffle=True)()


TASKS = {
    "iris": Task(_iris_model, _iris_data, 1000),
    "wide-deep-adagrad": Task(lambda: _wide_and_deep(keras.optimizers.Adagrad), _clicks, 20),
    "wide-deep-adam": Task(lambda: _wide_and_deep(keras.optimizers.Adam), _clicks, 20),
    "cnn": Task(_cnn_model, _images, 30),
}
