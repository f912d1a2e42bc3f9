"""*When* something happens, apart from *what*."""

from collections.abc import Callable
from typing import Protocol


class Trigger(Protocol):
    """Tells when something is due."""

    def next_step(self, step: int) -> int | None:
        """The first step after `step` at which it is surely due; None if steps do not decide."""

    def due(self, step: int) -> bool:
        """Whether it is due now, after `step`. Asking does not change the answer."""

    def done(self, step: int) -> None:
        """It has been done after `step`."""


class EverySteps:
    """Due at `first`, `first + every`, `first + 2 * every` and so on.

    Args:
        every: In steps, above 0.
        first: The first step.
    """

    def __init__(self, every: int, first: int) -> None:
        self._every = every
        self._first = first

    def next_step(self, step: int) -> int:
        """The next step of the row."""
        if step < self._first:
            return self._first
        return step + self._every - (step - self._first) % self._every

    def due(self, step: int) -> bool:
        """Whether `step` is in the row."""
        return step >= self._first and (step - self._first) % self._every == 0

    def done(self, step: int) -> None:
        """Changes nothing: the row is fixed."""


class EverySecs:
    """Due when so many seconds have passed since it was done last, or since it was made.

    Args:
        every: In seconds.
        clock: Seconds from any start.
    """

    def __init__(self, every: float, clock: Callable[[], float]) -> None:
        self._every = every
        self._clock = clock
        self._last = clock()

    def next_step(self, step: int) -> None:
        """Steps do not decide."""

    def due(self, step: int) -> bool:
        """Whether the time has passed."""
        return self._clock() - self._last >= self._every

    def done(self, step: int) -> None:
        """Starts the time anew."""
        self._last = self._clock()
