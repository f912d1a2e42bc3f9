"""Early stopping: hooks that end training by what the evaluations found.

See `tf.estimator.experimental.stop_if_no_decrease_hook` and its like. They are meant for
`train_and_evaluate`: evaluations write event files, the hooks read them.
"""

import logging
import operator
import os
import time
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.bridge.model_folder import ModelFolder
from kerasrun.exporters.event_results import event_results

_LOGGER = logging.getLogger("tensorflow")
_EVENT_FILES = "*.tfevents.*"
ShouldStop = Callable[[], bool]


def make_early_stopping_hook(
    estimator: ModelFolder,
    should_stop_fn: ShouldStop,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> v1.train.SessionRunHook:
    """Returns a hook that stops training when `should_stop_fn()` is true.

    Args:
        estimator: Whose training.
        should_stop_fn: Asked at the first step, and then every so often.
        run_every_secs: In seconds. None where `run_every_steps` is given.
        run_every_steps: In steps.

    Raises:
        TypeError: `estimator` is no Estimator, or `should_stop_fn` cannot be called.
        ValueError: Both or neither cadence are given.
    """
    _check_estimator(estimator)
    if not callable(should_stop_fn):
        raise TypeError(f"should_stop_fn must be a function; received {should_stop_fn!r}.")
    if (run_every_secs is None) == (run_every_steps is None):
        raise ValueError(
            "Give run_every_secs or run_every_steps, one of them, and None for the other; received "
            f"run_every_secs={run_every_secs!r} and run_every_steps={run_every_steps!r}."
        )
    return _StopIf(should_stop_fn, run_every_secs, run_every_steps)


def stop_if_higher_hook(
    estimator: ModelFolder,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> v1.train.SessionRunHook:
    """Returns a hook that stops training once a metric was above `threshold`.

    Args:
        estimator: Whose training.
        metric_name: A key of the evaluation's result.
        threshold: The value that it must exceed.
        eval_dir: Folder of the evaluations' event files; None: `estimator.eval_dir()`.
        min_steps: Evaluations before this `global_step` do not count.
        run_every_secs: As in `make_early_stopping_hook`.
        run_every_steps: Likewise.
    """
    results = _results(estimator, metric_name, eval_dir, min_steps)
    return make_early_stopping_hook(
        estimator,
        lambda: any(value > threshold for _, value in results()),
        run_every_secs,
        run_every_steps,
    )


def stop_if_lower_hook(
    estimator: ModelFolder,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> v1.train.SessionRunHook:
    """Returns a hook that stops training once a metric was below `threshold`.

    Arguments as in `stop_if_higher_hook`.
    """
    results = _results(estimator, metric_name, eval_dir, min_steps)
    return make_early_stopping_hook(
        estimator,
        lambda: any(value < threshold for _, value in results()),
        run_every_secs,
        run_every_steps,
    )


def stop_if_no_increase_hook(
    estimator: ModelFolder,
    metric_name: str,
    max_steps_without_increase: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> v1.train.SessionRunHook:
    """Returns a hook that stops training when a metric has not risen for so many steps.

    Args:
        estimator: Whose training.
        metric_name: A key of the evaluation's result.
        max_steps_without_increase: In steps, from its best evaluation to a later one.
        eval_dir: Folder of the evaluations' event files; None: `estimator.eval_dir()`.
        min_steps: Evaluations before this `global_step` do not count.
        run_every_secs: As in `make_early_stopping_hook`.
        run_every_steps: Likewise.
    """
    results = _results(estimator, metric_name, eval_dir, min_steps)
    return make_early_stopping_hook(
        estimator,
        lambda: _stagnates(results(), max_steps_without_increase, operator.gt),
        run_every_secs,
        run_every_steps,
    )


def stop_if_no_decrease_hook(
    estimator: ModelFolder,
    metric_name: str,
    max_steps_without_decrease: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> v1.train.SessionRunHook:
    """Returns a hook that stops training when a metric has not fallen for so many steps.

    Arguments as in `stop_if_no_increase_hook`.
    """
    results = _results(estimator, metric_name, eval_dir, min_steps)
    return make_early_stopping_hook(
        estimator,
        lambda: _stagnates(results(), max_steps_without_decrease, operator.lt),
        run_every_secs,
        run_every_steps,
    )


class _StopIf(v1.train.SessionRunHook):
    """Asks `should_stop` after the first step and then every so often."""

    def __init__(
        self, should_stop: ShouldStop, every_secs: float | None, every_steps: int | None
    ) -> None:
        self._should_stop = should_stop
        self._every_secs, self._every_steps = every_secs, every_steps
        self._asked_at = 0.0

    def next_iteration(self, done: int) -> int | None:
        """The first, and each that is due."""
        if self._every_steps is not None:
            return done + 1 + -done % self._every_steps
        assert self._every_secs is not None
        due = done == 0 or time.monotonic() - self._asked_at >= self._every_secs
        return done + 1 if due else None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Asks."""
        self._asked_at = time.monotonic()
        if self._should_stop():
            graph = run_context.session.graph
            step = run_context.session.run(v1.train.get_global_step(graph))
            _LOGGER.info("Requesting early stopping at global step %d", step)
            run_context.request_stop()


def read_eval_metrics(eval_dir: str) -> dict[int, dict[str, float]]:
    """Returns the evaluations' results in a folder of event files, by step in rising order."""
    merged: dict[int, dict[str, float]] = {}
    for step, result in event_results(os.path.join(eval_dir, _EVENT_FILES)):
        merged.setdefault(step, {}).update(result)
    return dict(sorted(merged.items()))


def _results(
    estimator: ModelFolder, metric_name: str, eval_dir: str | None, min_steps: int
) -> Callable[[], list[tuple[int, float]]]:
    """Returns what reads `(step, value)` of the metric, in the order of steps."""
    _check_estimator(estimator)
    folder = eval_dir or estimator.eval_dir()

    def read() -> list[tuple[int, float]]:
        found = read_eval_metrics(folder)
        counting = {step: result for step, result in found.items() if step >= min_steps}
        return [(step, _value(result, metric_name)) for step, result in counting.items()]

    return read


def _value(result: dict[str, float], metric_name: str) -> float:
    if metric_name not in result:
        raise KeyError(
            f"The evaluations have no metric {metric_name!r}; they have {sorted(result)}."
        )
    return result[metric_name]


def _stagnates(
    results: list[tuple[int, float]], limit: int, is_better: Callable[[float, float], bool]
) -> bool:
    best: float | None = None
    best_step = 0
    for step, value in results:
        if best is None or is_better(value, best):
            best, best_step = value, step
        elif step - best_step >= limit:
            return True
    return False


def _check_estimator(estimator: object) -> None:
    if not isinstance(estimator, ModelFolder):
        raise TypeError(f"estimator must be an Estimator; received {estimator!r}.")
