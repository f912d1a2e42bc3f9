"""One system that trains one task, in a process of its own.

Usage: python -m benchmarks.training_systems SYSTEM TASK SECONDS
Prints JSON: microseconds a step, wall and CPU, the median over equal stretches of steps.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from benchmarks.stretches import Stretches
from benchmarks.training_models import TASKS, Task
from kerasrun import estimator as tf_estimator

_SUMMARY_STEPS, _CHECKPOINT_STEPS = 100, 1000
_STACKED = 100
_LONG = 10**7


class _Watch(tf_estimator.SessionRunHook):
    def __init__(self, stretches: Stretches, steps: int) -> None:
        self._stretches, self._steps = stretches, steps

    def next_iteration(self, done: int) -> int:
        middle = self._steps // 2  # far from a checkpoint: a hook that runs with one waits for it
        return done + self._steps - (done - middle) % self._steps

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._stretches.ended():
            run_context.request_stop()


def kerasrun(task: Task, stretches: Stretches) -> None:
    """`Estimator.train` with summaries and checkpoints."""
    config = tf_estimator.RunConfig(
        save_summary_steps=_SUMMARY_STEPS,
        log_step_count_steps=_SUMMARY_STEPS,
        save_checkpoints_steps=_CHECKPOINT_STEPS,
    )
    estimator = tf_estimator.model_to_estimator(
        keras_model=task.build_model(), model_dir=tempfile.mkdtemp(), config=config
    )
    watch = _Watch(stretches, task.steps)
    estimator.train(task.input_fn, hooks=[watch], max_steps=_LONG)  # ended by the hook


class _Epochs(keras.callbacks.Callback):
    def __init__(self, stretches: Stretches) -> None:
        super().__init__()
        self._stretches = stretches

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._stretches.ended():
            self.model.stop_training = True


def keras_fit(task: Task, stretches: Stretches) -> None:
    """Keras's `fit`, bare."""
    _fit(task, [_Epochs(stretches)])


def keras_fit_saving(task: Task, stretches: Stretches) -> None:
    """Keras's `fit` with TensorBoard and ModelCheckpoint, at the steps of ours."""
    folder = tempfile.mkdtemp()
    saving = [
        keras.callbacks.TensorBoard(folder, update_freq=_SUMMARY_STEPS),
        keras.callbacks.ModelCheckpoint(f"{folder}/model.keras", save_freq=_CHECKPOINT_STEPS),
    ]
    _fit(task, [*saving, _Epochs(stretches)])


def _fit(task: Task, callbacks: list[keras.callbacks.Callback]) -> None:
    task.build_model().fit(
        _data(task), epochs=10**6, steps_per_epoch=task.steps, verbose=0, callbacks=callbacks
    )


def _data(task: Task) -> tf.data.Dataset:
    """As Keras takes it: a Sequential wants its one input bare."""

    def bare(features: Any, labels: Any) -> Any:
        return (next(iter(features.values())) if len(features) == 1 else features), labels

    return task.input_fn().map(bare)


def bare_loop(task: Task, stretches: Stretches) -> None:
    """The model's own step in one compiled loop over the data: no summaries, no checkpoints."""
    train_step, data = _step_and_data(task)

    @tf.function
    def loop(iterator: Any, steps: tf.Tensor) -> None:
        for _ in tf.range(steps):
            train_step(next(iterator))

    iterator = iter(data)
    _repeat(lambda: loop(iterator, tf.constant(task.steps)), stretches)


def bare_scan(task: Task, stretches: Stretches) -> None:
    """The same as an XLA loop over stacked batches."""
    train_step, data = _step_and_data(task)
    stacked = data.batch(_STACKED, drop_remainder=True).prefetch(2)

    @tf.function(jit_compile=True)
    def scan(batches: Any) -> None:
        for i in tf.range(_STACKED):
            train_step(tf.nest.map_structure(lambda batch, i=i: batch[i], batches))

    iterator = iter(stacked)

    def stretch() -> None:
        for _ in range(max(task.steps // _STACKED, 1)):
            scan(next(iterator))

    _repeat(stretch, stretches)


def _step_and_data(task: Task) -> tuple[Callable[[Any], Any], tf.data.Dataset]:
    model, data = task.build_model(), _data(task)
    model.train_on_batch(*next(iter(data)))  # builds all there is to build
    return model.train_step, data


def _repeat(stretch: Callable[[], Any], stretches: Stretches) -> None:
    stretch()
    while not stretches.ended():
        stretch()


SYSTEMS = {
    "kerasrun": kerasrun,
    "fit": keras_fit,
    "fit+": keras_fit_saving,
    "loop": bare_loop,
    "scan": bare_scan,
}


def main() -> None:
    """Measures what the command line names."""
    system, name, seconds = sys.argv[1:]
    task = TASKS[name]
    steps = max(task.steps, _STACKED) if system == "scan" else task.steps
    keras.utils.set_random_seed(1)
    stretches = Stretches(steps, float(seconds))
    SYSTEMS[system](task._replace(steps=steps), stretches)
    print(json.dumps(stretches.result()))


if __name__ == "__main__":
    main()
