"""The tasks that the loops are measured with: tiny steps, large tables, convolutions."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from benchmarks.task_models import IRIS, STEPS, clicks, convolutions, images, iris, wide_and_deep
from kerasrun.input_fns import csv_input_fn, numpy_input_fn


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


def _drawn(arrays: tuple[dict[str, Any], Any], batch_size: int) -> tf.data.Dataset:
    return numpy_input_fn(*arrays, batch_size=batch_size, num_epochs=None, shuffle=True)()


_iris_data = csv_input_fn(
    IRIS,
    label="species",
    features={"iris_input": ["sepal_length", "sepal_width", "petal_length", "petal_width"]},
    batch_size=32,
    num_epochs=None,
    shuffle=True,
)


def _clicks() -> tf.data.Dataset:
    return _drawn(clicks(), 512)


_optimizers = keras.optimizers
_TASKS: dict[str, tuple[Callable[[], keras.Model], Callable[[], tf.data.Dataset]]] = {
    "iris": (lambda: iris(keras, _optimizers.Adagrad(0.05)), _iris_data),
    "wide-deep-adagrad": (lambda: wide_and_deep(keras, _optimizers.Adagrad()), _clicks),
    "wide-deep-adam": (lambda: wide_and_deep(keras, _optimizers.Adam()), _clicks),
    "cnn": (lambda: convolutions(keras, _optimizers.Adam()), lambda: _drawn(images(), 64)),
}
TASKS = {name: Task(*parts, STEPS[name]) for name, parts in _TASKS.items()}
