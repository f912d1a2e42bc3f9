"""The models and arrays of the tasks, for the Keras that they are handed: 2 or 3.

Imports neither, so that the environment of `tf.estimator` can use it, too.
"""

from pathlib import Path
from typing import Any

import numpy as np

IRIS = Path(__file__).parents[1] / "examples" / "data" / "iris_train.csv"
STEPS = {"iris": 1000, "wide-deep-adagrad": 20, "wide-deep-adam": 20, "cnn": 30}
_COLUMNS, _BUCKETS, _NUMBERS = 26, 10_000, 13


def iris(keras: Any, optimizer: Any) -> Any:
    """A classifier of `iris_input` `[batch, 4]` into three species, compiled."""
    model = keras.Sequential(
        [
            keras.Input([4], name="iris_input"),
            keras.layers.Dense(10, activation="relu", name="iris"),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def wide_and_deep(keras: Any, optimizer: Any) -> Any:
    """26 embedded categories and 13 numbers, for a click or none, compiled."""
    categories = keras.Input([_COLUMNS], dtype="int64", name="categories")
    numbers = keras.Input([_NUMBERS], name="numbers")
    embedded = [
        keras.layers.Embedding(_BUCKETS, 16, name=f"table_{i}")(categories[:, i])
        for i in range(_COLUMNS)
    ]
    deep = keras.layers.Concatenate()([*embedded, numbers])
    for units in (256, 128):
        deep = keras.layers.Dense(units, activation="relu")(deep)
    model = keras.Model([categories, numbers], keras.layers.Dense(1, activation="sigmoid")(deep))
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def clicks() -> tuple[dict[str, Any], Any]:
    """Features and labels for `wide_and_deep`."""
    chance = np.random.default_rng(1)
    x = {
        "categories": chance.integers(0, _BUCKETS, (20_480, _COLUMNS)),
        "numbers": chance.random((20_480, _NUMBERS), "float32"),
    }
    return x, chance.integers(0, 2, (20_480, 1))


def convolutions(keras: Any, optimizer: Any) -> Any:
    """A classifier of `image_input` `[batch, 28, 28, 1]` into ten digits, compiled."""
    model = keras.Sequential(
        [
            keras.Input([28, 28, 1], name="image_input"),
            keras.layers.Conv2D(32, 3, activation="relu", name="image"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def images() -> tuple[dict[str, Any], Any]:
    """Features and labels for `convolutions`."""
    chance = np.random.default_rng(1)
    return {"image_input": chance.random((4096, 28, 28, 1), "float32")}, chance.integers(
        0, 10, 4096
    )
