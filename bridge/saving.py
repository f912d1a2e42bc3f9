"""Saving while training: who is told, and what has been saved last."""

import logging
from collections.abc import Callable, Sequence

from kerasrun.bridge.listeners import SavingListener
from kerasrun.bridge.triggers import Trigger

_LOGGER = logging.getLogger("tensorflow")


class Saver:
    """Saves a checkpoint once a step at most, and tells the listeners.

    Args:
        save: Writes the checkpoint of the current state and returns its prefix.
        listeners: Told before and after.
        saved_step: The step of the checkpoint that training started from, if any.
    """

    def __init__(
        self,
        save: Callable[[], str],
        listeners: Sequence[SavingListener],
        saved_step: int | None,
    ) -> None:
        self._save = save
        self._listeners = listeners
        self._saved_step = saved_step

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
        path = self._save()
        _LOGGER.info("Saving checkpoints for %d into %s.", step, path)
        self._saved_step = step
        _LOGGER.info("Calling checkpoint listeners after saving checkpoint %d...", step)
        answers = [listener.after_save(None, step) for listener in self._listeners]
        return any(answers)
