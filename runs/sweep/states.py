"""What has become of each trial, read from its run's folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import PRUNED, TIMED_OUT, Plan, Trial

WAITING, REMOVED, UNREADABLE = "waiting", "removed", "unreadable"
DONE = ("completed", PRUNED, TIMED_OUT)
LOST = ("killed", "crashed", "lost")  # its process is gone, and has said nothing
BROKEN = ("failed", UNREADABLE)


@dataclass(frozen=True)
class TrialState:
    """A trial at the moment of reading.

    Attributes:
        trial: Which.
        run: Its run; None where there is none that can be read.
        state: That of the run, or `waiting`, `pruned`, `timed out`, `removed`, `unreadable`.
        reason: Why; empty where there is nothing to say.
        value: Of the objective, or None.
    """

    trial: Trial
    run: Run | None
    state: str
    reason: str = ""
    value: float | None = None

    @property
    def active(self) -> bool:
        """Whether its run is at work."""
        return self.run is not None and self.run.status.active and bool(self.run.attempts)


def state_of(root: Path, trial: Trial, objective: Objective | None) -> TrialState:
    """Reads one trial."""
    if trial.run is None:
        return TrialState(trial, None, WAITING)
    try:
        run = read_run(root / trial.run)
    except FileNotFoundError:
        return TrialState(trial, None, REMOVED)
    except UnreadableRun as error:
        return TrialState(trial, None, UNREADABLE, str(error))
    value = objective.value(run) if objective else None
    state, reason = run.status.state, run.status.reason
    if not run.attempts and run.outcome is None:
        return TrialState(trial, run, WAITING, "", value)
    if trial.mark and state == "stopped":
        state, reason = trial.mark["how"], trial.mark["why"]
    return TrialState(trial, run, state, reason, value)


def read_states(files: SweepFiles, plan: Plan) -> list[TrialState]:
    """Reads all trials that are known, in their order."""
    return [state_of(files.root, trial, plan.objective) for trial in plan.trials]


def best_first(states: Iterable[TrialState], objective: Objective | None) -> list[TrialState]:
    """Those that have a value, the best first; then the others. Without an objective: as they come.

    A trial that has completed comes before one that was ended early.
    """
    found = list(states)
    if objective is None:
        return found
    return sorted(
        found,
        key=lambda one: (
            one.value is None,
            one.state != "completed",
            0.0 if one.value is None else objective.cost(one.value),
            one.trial.number,
        ),
    )


def best_of(states: Iterable[TrialState], objective: Objective | None) -> TrialState | None:
    """The best that has completed; None where there is none or nothing says what is best."""
    completed = [one for one in states if one.state == "completed" and one.value is not None]
    return best_first(completed, objective)[0] if objective and completed else None
