"""`tf.estimator` 2.15 on the same tasks, in an environment of its own (`make bench-legacy`).

Usage: PYTHON -m benchmarks.legacy_systems TASK SECONDS
Prints JSON as benchmarks.training_systems does. Models and data are those of
benchmarks.training_models, written for Keras 2, which cannot read that file.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.stretches import Stretches

_IRIS = Path(__file__).parents[1] / "examples" / "data" / "iris_train.csv"
_COLUMNS, _BUCKETS, _NUMBERS = 26, 10_000, 13
keras = tf.keras


def _batches(x: Any, y: Any, size: int) -> Any:
    data = tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(len(y)).repeat()
    return data.batch(size).prefetch(tf.data.AUTOTUNE)


def iris_model() -> Any:
    """The compiled model."""
    model = keras.Sequential(
        [
            keras.layers.Dense(10, activation="relu", input_shape=(4,), name="iris"),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.legacy.Adagrad(0.05), "sparse_categorical_crossentropy", ["accuracy"]
    )
    return model


def iris_data() -> Any:
    """Its endless batches."""
    table = np.loadtxt(_IRIS, delimiter=",", skiprows=1)
    return _batches({"iris_input": table[:, :4].astype("float32")}, table[:, 4].astype("int64"), 32)


def _wide_and_deep(optimizer: Any) -> Any:
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
    model.compile(optimizer(), "binary_crossentropy", ["accuracy"])
    return model


def _clicks() -> Any:
    chance = np.random.default_rng(1)
    x = {
        "categories": chance.integers(0, _BUCKETS, (20_480, _COLUMNS)),
        "numbers": chance.random((20_480, _NUMBERS), "float32"),
    }
    return _batches(x, chance.integers(0, 2, (20_480, 1)), 512)


def _cnn_model() -> Any:
    model = keras.Sequential(
        [
            keras.layers.Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1), name="image"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.legacy.Adam(), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def _images() -> Any:
    chance = np.random.default_rng(1)
    x = {"image_input": chance.random((4096, 28, 28, 1), "float32")}
    return _batches(x, chance.integers(0, 10, 4096), 64)


_TASKS: dict[str, tuple[Callable[[], Any], Callable[[], Any], int]] = {
    "iris": (iris_model, iris_data, 1000),
    "wide-deep-adagrad": (
        lambda: _wide_and_deep(keras.optimizers.legacy.Adagrad),
        _clicks,
        20,
    ),
    "wide-deep-adam": (lambda: _wide_and_deep(keras.optimizers.legacy.Adam), _clicks, 20),
    "cnn": (_cnn_model, _images, 30),
}


class _Watch(tf.compat.v1.train.SessionRunHook):
    def __init__(self, stretches: Stretches, steps: int) -> None:
        self._stretches, self._steps, self._done = stretches, steps, 0

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._done += 1
        if self._done % self._steps == 0 and self._stretches.ended():
            run_context.request_stop()


def main() -> None:
    """Measures what the command line names."""
    name, seconds = sys.argv[1:]
    build_model, input_fn, steps = _TASKS[name]
    config = tf.estimator.RunConfig(
        save_summary_steps=100, log_step_count_steps=100, save_checkpoints_steps=1000
    )
    estimator = tf.keras.estimator.model_to_estimator(
        keras_model=build_model(), model_dir=tempfile.mkdtemp(), config=config
    )
    stretches = Stretches(steps, float(seconds))
    estimator.train(input_fn, hooks=[_Watch(stretches, steps)])
    print(json.dumps(stretches.result()))


if __name__ == "__main__":
    main()
