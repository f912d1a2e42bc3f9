"""Writes what a `model_fn` summarises with `tf.compat.v1.summary`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.bridge.triggers import EverySteps


class GraphSummaryHook(v1.train.SessionRunHook):
    """Runs all summaries of the graph at the steps at which the loss is written.

    Args:
        merged: All of them, merged.
        step: The `global_step` that training begins at.
        every_steps: How often.
        write: Writes a serialised `Summary` at a step.
    """

    def __init__(
        self, merged: Any, step: int, every_steps: int, write: Callable[[bytes, int], None]
    ) -> None:
        self._when = EverySteps(every_steps, 1)
        self._begun, self._done_before, self._write = step, 0, write
        self._merged, self._step = merged, step

    def goes_on_after(self, done: int) -> None:
        """Counts iterations from there."""
        self._done_before = done

    def next_iteration(self, done: int) -> int:
        """The next one whose step is written."""
        self._step = self._begun + done - self._done_before
        return done + self._when.next_step(self._step) - self._step

    def before_run(self, run_context: Any) -> Any:
        """Asks for the summaries."""
        return v1.train.SessionRunArgs(self._merged)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Writes them."""
        self._write(run_values.results, self._step + 1)
