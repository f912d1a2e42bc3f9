"""`tf.estimator` 2.15 on the same tasks, in an environment of its own (`make bench-legacy`).

Usage: PYTHON -m benchmarks.legacy_systems TASK SECONDS
Prints JSON as benchmarks.training_systems does.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.stretches import Stretches
from benchmarks.task_models import IRIS, STEPS, clicks, convolutions, images, iris, wide_and_deep

keras = tf.keras
_optimizers = keras.optimizers.legacy


def _batches(x: Any, y: Any, size: int) -> Any:
    data = tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(len(y)).repeat()
    return data.batch(size).prefetch(tf.data.AUTOTUNE)


def iris_model() -> Any:
    """The compiled model."""
    return iris(keras, _optimizers.Adagrad(0.05))


def iris_data() -> Any:
    """Its endless batches."""
    table = np.loadtxt(IRIS, delimiter=",", skiprows=1)
    return _batches({"iris_input": table[:, :4].astype("float32")}, table[:, 4].astype("int64"), 32)


def _clicks() -> Any:
    return _batches(*clicks(), 512)


_TASKS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "iris": (iris_model, iris_data),
    "wide-deep-adagrad": (lambda: wide_and_deep(keras, _optimizers.Adagrad()), _clicks),
    "wide-deep-adam": (lambda: wide_and_deep(keras, _optimizers.Adam()), _clicks),
    "cnn": (lambda: convolutions(keras, _optimizers.Adam()), lambda: _batches(*images(), 64)),
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
    build_model, input_fn = _TASKS[name]
    steps = STEPS[name]
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
