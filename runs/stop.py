"""Ending a run from outside: it is asked to, and killed if it does not."""

import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

from kerasrun.runs.errors import NoSuchRun, Refused, RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import FileLock, Locked, holder_of, is_locked
from kerasrun.runs.outcome import outcome_of_death, write_outcome
from kerasrun.runs.records import read_outcome
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.verified_process import VerifiedProcess, verified_process

_STARTING_SECS = 3.0
_DEATH_SECS = 10.0
_LAST_WORD_SECS = 1.0
_PAUSE_SECS = 0.05


def stop(
    run: Run, *, grace_secs: float = 60.0, notice: Callable[[str], None] = lambda text: None
) -> Run:
    """Sends SIGTERM to the process that works on `run`; after `grace_secs` seconds, SIGKILL.

    At SIGTERM a training saves a checkpoint and ends.

    Args:
        run: Which.
        grace_secs: How long it may take for that.
        notice: Told what is being done.

    Returns:
        The run as it is then.

    Raises:
        Refused: It is not at work, on another machine, or its process cannot be made sure of.
        RunError: The process did not end even then.
        NoSuchRun: Its folder has been removed.
    """
    try:
        run = _begun(run)
        with verified_process(run) as process:
            last_signal = _end(process, run.folder, grace_secs, notice)
        _see_to_outcome(RunFiles(run.folder), len(run.attempts), last_signal)
        return read_run(run.folder)
    except FileNotFoundError:
        raise NoSuchRun(run.id, str(run.folder.parent)) from None


def _begun(run: Run) -> Run:
    """The run once its worker has entered its attempt: that comes soon after the start.

    Raises:
        Refused: It is not at work; or no worker comes.
    """
    lock, deadline = RunFiles(run.folder).lock, time.monotonic() + _STARTING_SECS
    while True:
        run = read_run(run.folder)
        locked = is_locked(lock)
        if not (run.status.active or locked):
            raise Refused(f"run {run.id} is not at work: it is {run.status}")
        if _is_begun(run, locked=locked):
            return run
        if time.monotonic() >= deadline:
            if locked:  # by whom, is looked into
                return run
            raise Refused(f"run {run.id} is {run.status}: no process has begun to work on it yet")
        time.sleep(_PAUSE_SECS)


def _is_begun(run: Run, *, locked: bool) -> bool:
    if not locked:
        return run.status.state != "preparing"
    holder = holder_of(RunFiles(run.folder).lock)
    last = run.attempts[-1].get("pid") if run.attempts else None
    return run.status.active and holder is not None and holder.pid == last


def _end(
    process: VerifiedProcess, folder: Path, grace_secs: float, notice: Callable[[str], None]
) -> signal.Signals:
    run_id = folder.name
    process.send(signal.SIGTERM)
    notice(
        f"run {run_id}: process {process.pid} was asked to stop (SIGTERM); it is killed in "
        f"{grace_secs:g} s if it has not"
    )
    if process.wait(grace_secs):
        return signal.SIGTERM
    with contextlib.suppress(OSError):  # else who supervises it would start it again
        RunFiles(folder).stop_asked.touch()
    process.send(signal.SIGKILL)
    notice(f"run {run_id}: process {process.pid} was killed (SIGKILL)")
    if not process.wait(_DEATH_SECS):
        raise RunError(
            f"run {run_id}: process {process.pid} has not ended {_DEATH_SECS:g} s after SIGKILL: "
            "it waits for a disk or a device"
        )
    return signal.SIGKILL


def _see_to_outcome(files: RunFiles, attempts: int, last_signal: signal.Signals) -> None:
    """A worker that is killed leaves its last word to its supervisor; where none is left, to us."""
    deadline = time.monotonic() + _LAST_WORD_SECS
    while not _has_outcome(files, attempts):
        if time.monotonic() >= deadline:
            with contextlib.suppress(Locked, OSError), FileLock(files.lock, wait_secs=0):
                outcome = outcome_of_death(-last_signal, attempt=attempts, out_of_memory=False)
                if not _has_outcome(files, attempts):
                    write_outcome(files, outcome)
            return
        time.sleep(_PAUSE_SECS)


def _has_outcome(files: RunFiles, attempts: int) -> bool:
    """Whether the attempt has one, or another has begun."""
    record = read_run(files.folder).record
    return len(record.get("attempts", [])) > attempts or read_outcome(files, attempts) is not None
