"""A trial at work: a worker that this process has started, or one that was at work already."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kerasrun.runs.attempt import Request
from kerasrun.runs.errors import NoSuchRun, Refused, RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked
from kerasrun.runs.outcome import Outcome, describe, write_outcome
from kerasrun.runs.records import read_outcome
from kerasrun.runs.run import read_run
from kerasrun.runs.stop import stop
from kerasrun.runs.supervisor import supervise
from kerasrun.runs.sweep.plan import Trial
from kerasrun.runs.sweep.worker_command import worker_command

_PAUSE_SECS = 0.2


class Job:
    """A trial's run while somebody works on it.

    Args:
        trial: Which.
        folder: Its run's.
        slot: Which of the jobs of the sweep it is.
        woken: Called when its worker has ended.
    """

    def __init__(self, trial: Trial, folder: Path, slot: int, woken: Callable[[], None]) -> None:
        self.trial, self.folder, self.slot = trial, folder, slot
        self.began = time.monotonic()
        self.stopping = False
        self.seen_step = -1
        self._woken = woken
        self._thread: threading.Thread | None = None

    def start(self, argv: list[str], cwd: Path, devices: str | None) -> None:
        """Starts a worker, under a supervisor in a thread of its own."""
        request = Request(argv=argv)
        command = worker_command(self.folder, request, devices)
        self._begin(lambda: self._supervise(request, command, cwd))

    def adopt(self) -> None:
        """Waits for the worker of a sweep's process that is no more."""
        self._begin(self._wait_for_other)

    @property
    def ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self._thread is not None and not self._thread.is_alive()

    def stop(self, grace_secs: float) -> None:
        """Has it save a checkpoint and end, or kills it after that time; returns at once."""
        self.stopping = True
        threading.Thread(target=self._stop, args=(grace_secs,), daemon=True).start()

    def _begin(self, work: Callable[[], None]) -> None:
        def all_of_it() -> None:
            try:
                work()
            finally:
                self._woken()

        self._thread = threading.Thread(target=all_of_it, daemon=True)
        self._thread.start()

    def _supervise(self, request: Request, command: list[str], cwd: Path) -> None:
        try:
            supervise(self.folder, request, command=command, cwd=cwd)
        except Refused:  # a worker that was started before us has it
            self._wait_for_other()
        except (RunError, OSError) as error:
            _note_failure(RunFiles(self.folder), describe(error))

    def _wait_for_other(self) -> None:
        with contextlib.suppress(FileNotFoundError, RunError):  # it was removed, or is damaged
            while read_run(self.folder).status.active and _is_begun(self.folder):
                time.sleep(_PAUSE_SECS)

    def _stop(self, grace_secs: float) -> None:
        while not self.ended:
            # It ends by itself just now; or its worker is still starting, and does not hear yet.
            with contextlib.suppress(Refused, NoSuchRun, RunError, OSError):
                stop(read_run(self.folder), grace_secs=grace_secs)
                return
            time.sleep(_PAUSE_SECS)


def _is_begun(folder: Path) -> bool:
    return is_locked(RunFiles(folder).lock) or bool(read_run(folder).attempts)


def _note_failure(files: RunFiles, reason: str) -> None:
    """A worker that could not begin has left no word; without one it would be started again."""
    with contextlib.suppress(FileNotFoundError, RunError, OSError):
        attempts = len(read_run(files.folder).attempts)
        if read_outcome(files, attempts) is None and not is_locked(files.lock):
            write_outcome(files, Outcome("failed", 1, reason=reason, attempt=max(1, attempts)))
