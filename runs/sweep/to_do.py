"""What is left of a sweep: trials at work, trials to be taken up again."""

from collections.abc import Sequence

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked
from kerasrun.runs.sweep.claim import settle
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.plan import Plan, Trial
from kerasrun.runs.sweep.states import BROKEN, DONE, state_of
from kerasrun.runs.sweep.supply import Supply

_FAILURES_AT_FIRST = 3


def why_give_up(ended: Sequence[str]) -> str:
    """Why no other trial is started: the first have all failed. Empty where they have not.

    Args:
        ended: The states of the trials that this process has seen ending, in that order.
    """
    first = ended[:_FAILURES_AT_FIRST]
    if len(first) < _FAILURES_AT_FIRST or set(first) != {"failed"}:
        return ""
    return f"the first {len(first)} trials have failed: no other is started"


def sorted_out(
    files: SweepFiles, plan: Plan, supply: Supply, *, retry_failed: bool
) -> tuple[list[Trial], list[Trial]]:
    """Looks at each trial that has a run; `supply` is told of those that are done with.

    Args:
        files: The sweep's.
        plan: What is tried.
        supply: Hears of the ends of trials.
        retry_failed: Whether those that have failed by their own error are tried again.

    Returns:
        Those at work, and those to be taken up again: whose process was killed or stopped midway,
        that were never begun, or whose run somebody has removed.
    """
    joined: list[Trial] = []
    again: list[Trial] = []
    for trial in plan.trials:
        if trial.run is None:
            continue
        if settle(files, trial) is None:
            again.append(trial)
            continue
        state = state_of(files.root, trial, plan.objective)
        if state.active or is_locked(RunFiles(files.root / trial.run).lock):
            joined.append(trial)
        elif state.state in DONE or (state.state in BROKEN and not retry_failed):
            supply.ended(state)
        else:
            again.append(trial)
    return joined, again
