"""Profiles single steps, for TensorBoard's Profile tab."""

import logging
import time
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

_LOGGER = logging.getLogger("tensorflow")


class ProfilerHook(v1.train.SessionRunHook):
    """Profiles a step every so many steps or seconds; see `tf.estimator.ProfilerHook`.

    What it writes lies below `output_dir/plugins/profile`, where TensorBoard's profile plugin finds
    it; `tf.estimator` wrote `timeline-<step>.json`. The steps between are not slowed down.

    Args:
        save_steps: Profiles the first step and every so many after it.
        save_secs: Profiles when so many seconds have passed. Excludes `save_steps`.
        output_dir: The folder.
        show_dataflow: Has no effect: the profile has it all.
        show_memory: Likewise.

    Raises:
        ValueError: Both cadences are given or none is, or one is not above 0.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        if (save_steps is None) == (save_secs is None):
            raise ValueError(
                "ProfilerHook takes save_steps or save_secs, one of them; received "
                f"save_steps={save_steps!r} and save_secs={save_secs!r}."
            )
        if (save_steps or save_secs or 0) <= 0:
            raise ValueError(f"ProfilerHook: {save_steps or save_secs!r} is not above 0.")
        self._save_steps, self._save_secs = save_steps, save_secs
        self._output_dir = output_dir
        self._saved_at: float | None = None
        self._under_way = False

    def next_iteration(self, done: int) -> int | None:
        """The next one to profile."""
        if self._save_steps is not None:
            return done + 1 + -done % self._save_steps
        due = self._saved_at is None or time.monotonic() - self._saved_at >= (self._save_secs or 0)
        return done + 1 if due else None

    def before_run(self, run_context: Any) -> None:
        """Starts the profiler."""
        try:
            tf.profiler.experimental.start(self._output_dir)
            self._under_way = True
        except tf.errors.AlreadyExistsError:
            _LOGGER.warning("ProfilerHook: another profile is under way; this step is left out.")

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Writes the profile."""
        self._saved_at = time.monotonic()
        if self._under_way:
            self._under_way = False
            tf.profiler.experimental.stop()

    def end(self, session: Any) -> None:
        """Ends a profile under way: the data came to their end instead of a step."""
        if self._under_way:
            self._under_way = False
            tf.profiler.experimental.stop(save=False)
