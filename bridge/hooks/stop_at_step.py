"""Stops training at a step."""

from typing import Any

import tensorflow.compat.v1 as v1


class StopAtStepHook(v1.train.SessionRunHook):
    """Stops after so many steps, or at a `global_step`; see `tf.estimator.StopAtStepHook`.

    It watches one step only, and so does not slow the loop down.

    Args:
        num_steps: How many more steps from where training begins.
        last_step: The `global_step` to end at. Excludes `num_steps`.

    Raises:
        ValueError: Both or neither are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if (num_steps is None) == (last_step is None):
            raise ValueError(
                "StopAtStepHook takes num_steps (how many more) or last_step (in total), one of "
                f"them; received num_steps={num_steps!r} and last_step={last_step!r}."
            )
        self._num_steps, self._last_step = num_steps, last_step
        self._iterations, self._done = 1, 0

    def goes_on_after(self, done: int) -> None:
        """Counts from there."""
        self._done = done

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Finds out how many iterations are left."""
        if self._num_steps is not None:
            self._iterations = self._done + self._num_steps
        elif self._last_step is not None:
            begun = session.run(v1.train.get_global_step(session.graph))
            self._iterations = self._done + self._last_step - int(begun)

    def next_iteration(self, done: int) -> int:
        """The last one."""
        return self._iterations

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Asks to stop."""
        run_context.request_stop()
