"""The process that works on a run, made sure of before it is signalled.

A pid may have been given to another process since; so what counts is who holds the run's lock, by
the kernel's own word, and the process is taken hold of before that is asked.
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kerasrun.runs.errors import Refused
from kerasrun.runs.host import boot_id
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import Holder, holder_of, is_locked, locking_pid
from kerasrun.runs.run import Run

_PAUSE_SECS = 0.05


class VerifiedProcess:
    """A process that holds a run's lock; see `verified_process`.

    Attributes:
        pid: Its number.
    """

    def __init__(self, files: RunFiles, pid: int, pidfd: int | None) -> None:
        self._files = files
        self._pidfd = pidfd
        self.pid = pid

    def holds_the_lock(self) -> bool:
        """Whether it is at work on the run still."""
        return locking_pid(self._files.lock) == self.pid

    def send(self, number: signal.Signals) -> None:
        """Signals it, if it is there still.

        Raises:
            Refused: It belongs to another user.
        """
        if not self.holds_the_lock():
            return
        try:
            with contextlib.suppress(ProcessLookupError):
                if self._pidfd is None:
                    os.kill(self.pid, number)
                else:
                    signal.pidfd_send_signal(self._pidfd, number)
        except PermissionError:
            raise Refused(
                f"run {self._files.folder.name}: process {self.pid} belongs to another user, who "
                "alone can stop it"
            ) from None

    def wait(self, secs: float) -> bool:
        """Waits until it holds the lock no more; False if it still does after `secs` seconds."""
        deadline = time.monotonic() + secs
        while self.holds_the_lock():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE_SECS)
        return True


@contextmanager
def verified_process(run: Run) -> Iterator[VerifiedProcess]:
    """The process that works on `run`.

    Args:
        run: As it was read just now.

    Raises:
        Refused: The run is on another machine; or its lock is held by none, or by a process that
            is not known to work on it.
    """
    files = RunFiles(run.folder)
    holder = holder_of(files.lock) if is_locked(files.lock) else None
    host = holder.host if holder else _host_of_last_attempt(run)
    if host not in (None, socket.gethostname()):
        raise _elsewhere(run, host)
    pidfd = _pidfd(holder.pid) if holder else None
    try:
        # Only now: who holds the lock at this moment is the process that we have hold of.
        if holder is None or locking_pid(files.lock) != holder.pid:
            raise Refused(
                f"run {run.id} is {run.status}, but no process of this machine is seen to hold its "
                "lock: nothing was signalled"
            )
        _check_attempt(run, holder)
        yield VerifiedProcess(files, holder.pid, pidfd)
    finally:
        if pidfd is not None:
            os.close(pidfd)


def _host_of_last_attempt(run: Run) -> str | None:
    name: str | None = (run.attempts[-1].get("host") or {}).get("name") if run.attempts else None
    return name


def _check_attempt(run: Run, holder: Holder) -> None:
    attempt = run.attempts[-1] if run.attempts else {}
    boot = (attempt.get("host") or {}).get("boot_id")
    if attempt.get("pid") != holder.pid or boot != boot_id():
        raise Refused(
            f"run {run.id}: {holder} has its lock, but that is not the process of its last attempt "
            f"({attempt.get('pid', 'none')}): nothing was signalled"
        )


def _elsewhere(run: Run, host: str | None) -> Refused:
    return Refused(
        f"run {run.id} is at work on host {host}, this is {socket.gethostname()}: "
        f"run `mlrun stop {run.id[-4:]}` there"
    )


def _pidfd(pid: int) -> int | None:
    """Holds on to a process, so that its number cannot come to mean another; None: no such thing.

    Also None where the system does not know how; then the number has to do.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
