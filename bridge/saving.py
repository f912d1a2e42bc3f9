"""Saving while training: who is told, and what has been saved last."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from kerasrun.bridge.listeners import SavingListener
from kerasrun.bridge.triggers import Trigger

_LOGGER = logging.getLogger("tensorflow")


class Files(Protocol):
    """Writes checkpoints, beside the training where it can."""

    def save(self) -> str:
        """Takes the state as it is, begins to write it, and returns the checkpoint's prefix."""

    def poll(self) -> None:
        """Tells of what has become whole, and raises what went wrong. Never waits."""

    def wait(self) -> None:
        """Waits until what was begun is whole."""


class Saver:
    """Saves a checkpoint once a step at most, and tells the listeners.

    A listener is told when the checkpoint is whole on disk. One that knows beforehand that it will
    do nothing with it has a method `waits_for(step)` that answers False: then training goes on
    while the checkpoint is being written.

    Args:
        files: Writes the checkpoints.
        listeners: Told before and after.
        saved_step: The step of the checkpoint that training started from, if any.
    """

    def __init__(
        self, files: Files, listeners: Sequence[SavingListener], saved_step: int | None
    ) -> None:
        self._files = files
        self._listeners = listeners
        self._saved_step = saved_step
        self.poll, self.wait = files.poll, files.wait

    @property
    def asked_for(self) -> list[Trigger]:
        """When the listeners want checkpoints beside the cadence: their `saves_when`, if any."""
        return [when for one in self._listeners for when in getattr(one, "saves_when", ())]

    def __call__(self, step: int) -> bool:
        """Saves unless `step` has been; returns whether a listener asks to stop training."""
        if step == self._saved_step:
            return False
        _LOGGER.info("Calling checkpoint listeners before saving checkpoint %d...", step)
        for listener in self._listeners:
            listener.before_save(None, step)
        path = self._files.save()
        _LOGGER.info("Saving checkpoints for %d into %s.", step, path)
        self._saved_step = step
        waiting = [_waits(listener, step) for listener in self._listeners]
        if any(waiting):
            self._files.wait()
        _LOGGER.info("Calling checkpoint listeners after saving checkpoint %d...", step)
        answers = [listener.after_save(None, step) for listener in self._listeners]
        return any(answers)


def _waits(listener: Any, step: int) -> bool:
    tell = getattr(listener, "waits_for", None)
    return tell is None or bool(tell(step))
