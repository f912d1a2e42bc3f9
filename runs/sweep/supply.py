"""Where the trials of a sweep come from."""

from typing import Protocol

from kerasrun.runs.sweep.plan import Plan, Trial
from kerasrun.runs.sweep.states import TrialState


class Supply(Protocol):
    """Gives out trials one by one, and hears what has become of them."""

    def next(self) -> Trial | None:
        """The next that has no run yet; None where there is none left."""

    def ended(self, state: TrialState) -> None:
        """A trial has ended, or had before; it may be told of one twice."""


class PlannedTrials:
    """The trials of a grid, of random draws, or of a file: all are known from the beginning.

    Args:
        plan: Holds them.
    """

    def __init__(self, plan: Plan) -> None:
        self._waiting = iter([trial for trial in plan.trials if trial.run is None])

    def next(self) -> Trial | None:
        """The next in their order."""
        return next(self._waiting, None)

    def ended(self, state: TrialState) -> None:
        """Changes nothing."""
