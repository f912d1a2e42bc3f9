"""Going on with a run that ended early, in its own folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.job import run_job
from kerasrun.runs.errors import Refused, UsageError
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import already_running, is_locked
from kerasrun.runs.program_resume import check_can_go_on
from kerasrun.runs.records import PROGRAM, check_startable
from kerasrun.runs.run import Run
from kerasrun.runs.supervisor import Ended, Listener


@dataclass(frozen=True)
class NothingToTrain:
    """The run has come to its end already.

    Attributes:
        step: That of its newest checkpoint.
        max_steps: Where its training ends.
    """

    step: int
    max_steps: int

    def __str__(self) -> str:
        """The line for the screen."""
        return f"checkpoint {self.step:,} >= max_steps {self.max_steps:,}: nothing to train"


def resume(
    run: Run,
    request: Request,
    *,
    listener_for: Callable[[Path, dict[str, Any]], Listener] | None = None,
    verbose: bool = False,
) -> Ended | NothingToTrain:
    """Goes on with `run` from its newest checkpoint, as its next attempt.

    Args:
        run: Which.
        request: The command line, and a new `max_steps` or None.
        listener_for: Makes what shows the run, of its folder and record; called when it is sure
            to be started.
        verbose: Whether all of the worker's output is shown.

    Raises:
        Refused: The run is at work, or one of a program that has completed or changed.
        UsageError: The folder that it ran in, or its record, is gone; or the disk is full.
        UnreadableRun: Its record lacks what a worker needs.
    """
    if run.status.active:
        if is_locked(RunFiles(run.folder).lock):
            raise already_running(RunFiles(run.folder), run.status.state)
        if run.status.state != "preparing":  # or else its worker is to come, or was never started
            raise Refused(f"run {run.id} is {run.status}: there is nothing to resume")
    if not run.record:
        raise UsageError(f"run {run.id} was never begun: it has no run.json")
    if run.record.get("kind") == PROGRAM:
        check_can_go_on(run, request.max_steps)
    else:
        nothing = nothing_to_train(run, request.max_steps)
        if nothing:
            return nothing
        check_startable(run.id, run.record)
    cwd = Path(run.record["cwd"])
    if not cwd.is_dir():
        raise UsageError(f"run {run.id} ran in {cwd}, which is gone")
    listener = listener_for(run.folder, run.record) if listener_for else None
    return run_job(run.folder, run.record, request, cwd=cwd, listener=listener, verbose=verbose)


def nothing_to_train(run: Run, max_steps: int | None) -> NothingToTrain | None:
    """Whether a completed run has trained as far as `max_steps` (its own when None)."""
    step, end = latest_step(run.folder), max_steps or run.max_steps
    if run.status.state != "completed" or step is None or end is None or step < end:
        return None
    return NothingToTrain(step, end)
