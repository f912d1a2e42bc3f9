"""Who is told of each Estimator that a process makes, and where one without a folder works.

For those who record what somebody else's program does; see `kerasrun.runs.program_watcher`.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOGGER = logging.getLogger("tensorflow")


class EstimatorWatcher:
    """Base class: every method may be left as it is."""

    def unnamed_model_dir(self) -> str | None:
        """The folder of an Estimator that was given none; None: a new temporary one."""
        return None

    def made(self, estimator: Any) -> None:
        """`estimator` has been made, and nothing has been done with it yet."""


_watchers: list[EstimatorWatcher] = []


@contextmanager
def watching_estimators(watcher: EstimatorWatcher) -> Iterator[None]:
    """Within it, `watcher` is told of each Estimator that this process makes."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def tell_made(estimator: Any) -> None:
    """Tells the watchers of a new Estimator."""
    for watcher in list(_watchers):
        watcher.made(estimator)


def unnamed_model_dir() -> str:
    """A folder for an Estimator that was given none: a watcher's, else a new temporary one."""
    for watcher in reversed(_watchers):
        if chosen := watcher.unnamed_model_dir():
            return chosen
    chosen = tempfile.mkdtemp()
    _LOGGER.warning("Using temporary folder as model directory: %s", chosen)
    return chosen
