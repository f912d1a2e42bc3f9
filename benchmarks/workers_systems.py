"""One process of one system that trains a dense model: `python -m benchmarks.workers_systems …`.

Usage: SYSTEM UNITS BATCH STEPS, with SYSTEM `ours` or `bare`; alone, or of a cluster by TF_CONFIG.
`bare` is what TensorFlow's guide does: variables made under the strategy, `strategy.run` of Keras's
own `train_step` in a loop inside a `tf.function`. Prints JSON: milliseconds a step, the median of
equal stretches after two to warm up.
"""

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from typing import Any

from kerasrun import estimator as tf_estimator

import keras  # isort: skip  (the cluster is joined before the first tensor)
import numpy as np  # isort: skip
import tensorflow as tf  # isort: skip

from kerasrun.bridge.distribute.cluster import joined  # isort: skip

_STRETCHES, _WARM_UP = 7, 2
_FEATURES = 32


def _model(units: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(units, "relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((_FEATURES,), name="x"), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _data(batch: int) -> tf.data.Dataset:
    x = np.random.default_rng(0).normal(size=(4 * batch, _FEATURES)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(axis=1, keepdims=True)))
    return data.batch(batch, drop_remainder=True).cache().repeat()


class _Ticks(tf_estimator.SessionRunHook):
    """Notes the time every so many steps, from within one training."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self.times: list[float] = []

    def next_iteration(self, done: int) -> int:
        return done + self._steps - done % self._steps

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.times.append(time.perf_counter())


def ours(units: int, batch: int, steps: int) -> list[float]:
    """`Estimator.train`, summaries once a stretch."""
    config = tf_estimator.RunConfig(
        model_dir=tempfile.mkdtemp(), save_summary_steps=steps, log_step_count_steps=None
    )
    estimator = tf_estimator.model_to_estimator(_model(units), config=config)
    ticks = _Ticks(steps)
    estimator.train(lambda: _data(batch), hooks=[ticks], max_steps=steps * _STRETCHES)
    return ticks.times


def bare(units: int, batch: int, steps: int) -> list[float]:
    """The strategy's own loop."""
    member = joined()
    strategy = member.strategy if member is not None else tf.distribute.get_strategy()
    with strategy.scope():
        model = _model(units)
        model.optimizer.build(model.trainable_variables)
        one = next(iter(_data(batch)))
        model._symbolic_build(data_batch=one)
    iterator = iter(strategy.experimental_distribute_dataset(_data(batch)))

    @tf.function
    def stretch() -> None:
        for _ in tf.range(steps):
            strategy.run(model.train_step, args=(next(iterator),))

    times = []
    for _ in range(_STRETCHES):
        stretch()
        float(tf.reduce_sum(model.trainable_variables[0].numpy()))
        times.append(time.perf_counter())
    return times


def main() -> None:
    """Trains, and prints how long a step took."""
    system, (units, batch, steps) = sys.argv[1], map(int, sys.argv[2:5])
    times = {"ours": ours, "bare": bare}[system](units, batch, steps)
    stretches = [after - before for before, after in itertools.pairwise(times)]
    print(json.dumps(1000 * statistics.median(stretches[_WARM_UP - 1 :]) / steps), flush=True)
    os._exit(0)  # the threads of a cluster's server keep a process for seconds


if __name__ == "__main__":
    main()
