"""One process at a time starts the trials of a sweep, from its beginning or where it was left."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from kerasrun.runs.engine import LOCAL, RAY
from kerasrun.runs.errors import Refused, RunError, UsageError
from kerasrun.runs.lock import FileLock, Locked, holder_of
from kerasrun.runs.outcome import describe
from kerasrun.runs.sweep.claim import clear_staged, settle
from kerasrun.runs.sweep.execution_rules import check_execution
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.local import LocalSweep, SweepListener
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import OPTUNA, Plan, read_plan
from kerasrun.runs.sweep.states import TrialState, read_states
from kerasrun.runs.sweep.supply import PlannedTrials, Supply


@dataclass(frozen=True)
class Changes:
    """What a sweep that is resumed shall do otherwise; None: as before.

    Attributes:
        objective: What is best.
        number: How many trials Optuna proposes in all.
        execution: Of `kerasrun.runs.sweep.plan.Execution`, by name.
        retry_failed: Whether trials that have failed by their own error are tried again.
    """

    objective: Objective | None = None
    number: int | None = None
    execution: dict[str, Any] | None = None
    retry_failed: bool = False


@dataclass(frozen=True)
class SweepEnd:
    """How a process has left a sweep.

    Attributes:
        states: Of all trials that are known.
        number: How many there shall be.
        why: Why it ended before its time: `interrupted`, or a sentence; empty if it did not.
        signal: The number of the signal that interrupted it, or 0.
    """

    states: list[TrialState]
    number: int
    why: str = ""
    signal: int = 0


@contextmanager
def only_process(files: SweepFiles) -> Iterator[None]:
    """Inside it no other process starts trials of the sweep.

    Raises:
        Refused: Another one does.
        RunError: The lock cannot be written.
    """
    try:
        lock = FileLock(files.lock, wait_secs=0.5)
    except Locked:
        who = holder_of(files.lock) or "another process"
        raise Refused(f"sweep {files.id} is at work: {who} has its lock") from None
    except OSError as error:
        raise RunError(f"sweep {files.id} cannot be written: {describe(error)}") from error
    with lock:
        yield


def changed(files: SweepFiles, changes: Changes) -> Plan:
    """The plan of a sweep that is to be resumed, with what shall be otherwise written down.

    Raises:
        UsageError: A change makes no sense.
        RunError: `sweep.json` cannot be read or written.
    """
    plan = read_plan(files)
    if changes.number is not None:
        if plan.how != OPTUNA:
            raise UsageError(f"--n: sweep {files.id} is no sweep of Optuna's ({plan.how})")
        if changes.number < len(plan.trials):
            raise UsageError(
                f"--n {changes.number}: sweep {files.id} has {len(plan.trials)} trials already, "
                "expected as many or more"
            )
        plan.number = changes.number
    plan.objective = changes.objective or plan.objective
    execution = dict(changes.execution or {})
    if execution.get("engine") == LOCAL:  # what Ray was to give a trial has no meaning any more
        execution = {"cpus": None, "gpus": None, **execution}
    plan.execution = replace(plan.execution, **execution)
    check_execution(plan.execution, plan.objective)
    for state in read_states(files, plan) if plan.objective else ():
        if state.run and plan.objective:
            plan.objective.check(state.run)
    if not Path(plan.cwd).is_dir():
        raise UsageError(f"sweep {files.id} was begun in {plan.cwd}, which is gone")
    plan.write(files)
    return plan


def run_sweep(
    files: SweepFiles, plan: Plan, listener: SweepListener, *, retry_failed: bool = False
) -> SweepEnd:
    """Does what is left of a sweep; its lock is held by the caller (see `only_process`).

    Raises:
        UsageError: No trial knows the metric that is sought.
        RunError: The sweep's files cannot be written.
    """
    for trial in plan.trials:
        settle(files, trial)
    clear_staged(files)
    supply = _supply(files, plan)
    if plan.execution.engine == RAY:
        from kerasrun.runs.sweep.ray_engine import RaySweep

        sweep: Any = RaySweep(files, plan, supply, listener, retry_failed=retry_failed)
    else:
        sweep = LocalSweep(files, plan, supply, listener, retry_failed=retry_failed)
    with _passed_on(sweep) as seen:
        why = sweep.run()
    return SweepEnd(read_states(files, plan), plan.number, why, seen[0] if seen else 0)


def _supply(files: SweepFiles, plan: Plan) -> Supply:
    if plan.how != OPTUNA:
        return PlannedTrials(plan)
    from kerasrun.runs.sweep.study import StudyTrials

    return StudyTrials(files, plan)


@contextmanager
def _passed_on(sweep: Any) -> Iterator[list[int]]:
    """Inside it SIGINT and SIGTERM end the trials, not this process; yields what came."""
    seen: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        sweep.interrupt()

    wanted = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, on_signal) for number in wanted}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
