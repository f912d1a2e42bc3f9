"""Logs tensors every so many iterations or seconds."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as v1

_LOGGER = logging.getLogger("tensorflow")


class LoggingTensorHook(v1.train.SessionRunHook):
    """Logs values as `name = value`; see `tf.estimator.LoggingTensorHook`.

    It watches only the iterations that it logs, and so does not slow the loop down.

    Args:
        tensors: Names such as `loss`, `global_step` or a metric's, or tensors; a list, or a dict
            by the name to log them under.
        every_n_iter: Logs the first iteration and every so many after it.
        every_n_secs: Logs when so many seconds have passed. Excludes `every_n_iter`.
        at_end: Logs at the end, too.
        formatter: Makes the line of the dict of values; None: `name = value, …`.

    Raises:
        ValueError: Both cadences are given, or nothing says when to log, or `every_n_iter` is not
            above 0.
    """

    def __init__(
        self,
        tensors: Sequence[Any] | Mapping[str, Any],
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        if every_n_iter is not None and every_n_secs is not None:
            raise ValueError("LoggingTensorHook takes every_n_iter or every_n_secs, not both.")
        if every_n_iter is None and every_n_secs is None and not at_end:
            raise ValueError(
                "LoggingTensorHook needs to know when to log: every_n_iter, every_n_secs or at_end."
            )
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"every_n_iter must be above 0; received {every_n_iter!r}.")
        named = tensors if isinstance(tensors, Mapping) else {_label(t): t for t in tensors}
        self._wanted = dict(named)
        self._every_n_iter, self._every_n_secs = every_n_iter, every_n_secs
        self._at_end, self._formatter = at_end, formatter
        self._tensors: dict[str, Any] = {}
        self._logged_at = time.monotonic()

    def begin(self) -> None:
        """Begins to measure the time."""
        self._tensors = {label: _with_output(tensor) for label, tensor in self._wanted.items()}

    def next_iteration(self, done: int) -> int | None:
        """The next one to log."""
        if self._every_n_iter is not None:
            return done + 1 + -done % self._every_n_iter
        if self._every_n_secs is None:
            return None
        since = time.monotonic() - self._logged_at
        return done + 1 if done == 0 or since >= self._every_n_secs else None

    def before_run(self, run_context: Any) -> Any:
        """Asks for the tensors."""
        return v1.train.SessionRunArgs(self._tensors)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Logs them."""
        self._log(run_values.results)

    def end(self, session: Any) -> None:
        """Logs the last values, if asked to."""
        if self._at_end:
            self._log(session.run(self._tensors))

    def _log(self, values: dict[str, Any]) -> None:
        self._logged_at = time.monotonic()
        if self._formatter is not None:
            _LOGGER.info("%s", self._formatter(values))
        else:
            pairs = (f"{label} = {values[label]}" for label in self._wanted)
            _LOGGER.info("%s", ", ".join(pairs))


def _label(tensor: Any) -> str:
    return tensor if isinstance(tensor, str) else str(tensor.name)


def _with_output(tensor: Any) -> Any:
    """`loss` names an operation; what it gives is `loss:0`."""
    return f"{tensor}:0" if isinstance(tensor, str) and ":" not in tensor else tensor
