"""Ending a sweep from outside: each of its trials saves a checkpoint, and no other is started."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from kerasrun.runs.errors import NoSuchRun, Refused, RunError
from kerasrun.runs.lock import holder_of, is_locked, locking_pid
from kerasrun.runs.run import read_run
from kerasrun.runs.stop import stop
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.plan import read_plan
from kerasrun.runs.sweep.states import TrialState, read_states

_PAUSE_SECS = 0.1
_LAST_WORD_SECS = 20.0


def stop_sweep(
    files: SweepFiles,
    *,
    grace_secs: float = 60.0,
    notice: Callable[[str], None] = lambda text: None,
) -> list[TrialState]:
    """Has the process that runs a sweep end with all its trials; returns what they are then.

    Where that process is gone and trials are at work all the same, they are ended one by one.

    Args:
        files: The sweep's.
        grace_secs: How long the trials may take; then they are killed.
        notice: Told what is being done.

    Raises:
        Refused: It is not at work, on another machine, or another user's.
        RunError: Its process does not end.
    """
    pid = locking_pid(files.lock) if is_locked(files.lock) else None
    if pid is None and is_locked(files.lock):
        raise Refused(f"sweep {files.id} is at work elsewhere: {holder_of(files.lock)}")
    if pid is not None:
        _end(files, pid, grace_secs, notice)
        if not files.sweep_json.exists():  # it was still looking at its model file
            notice(f"sweep {files.id} had begun no trial; nothing of it is left")
            return []
    elif not any(one.active for one in read_states(files, read_plan(files))):
        raise Refused(f"sweep {files.id} is not at work")
    for state in read_states(files, read_plan(files)):
        if state.active and state.run:
            with contextlib.suppress(Refused, NoSuchRun, FileNotFoundError):
                stop(read_run(state.run.folder), grace_secs=grace_secs, notice=notice)
    return read_states(files, read_plan(files))


def _end(files: SweepFiles, pid: int, grace_secs: float, notice: Callable[[str], None]) -> None:
    notice(f"sweep {files.id}: process {pid} was asked to stop (SIGTERM), and all its trials")
    for secs in (grace_secs, _LAST_WORD_SECS):  # at the second, it kills the trials
        if locking_pid(files.lock) != pid:
            return
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        except PermissionError:
            raise Refused(
                f"sweep {files.id}: process {pid} belongs to another user, who alone can stop it"
            ) from None
        deadline = time.monotonic() + secs
        while locking_pid(files.lock) == pid:
            if time.monotonic() >= deadline:
                break
            time.sleep(_PAUSE_SECS)
        else:
            return
    raise RunError(f"sweep {files.id}: process {pid} has not ended")
