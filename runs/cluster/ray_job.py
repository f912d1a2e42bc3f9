"""A run's processes on the nodes of a Ray cluster: Ray Train places them, and starts them again.

This process starts none itself. It shows what the one that leads tells, passes on signals, and says
how the run ended where that cannot. Ray is imported only when it is needed.
"""

import contextlib
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.job import Plan
from kerasrun.runs.cluster.ray_board import LOST
from kerasrun.runs.cluster.ray_room import Share, check_room, room_of
from kerasrun.runs.cluster.ray_trainer import (
    QUIET,
    RayTraining,
    environment_of_workers,
    new_board,
)
from kerasrun.runs.engine import ADDRESS_VARIABLE, connected_ray
from kerasrun.runs.errors import Refused, RunError, UsageError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import already_running, is_locked
from kerasrun.runs.outcome import (
    WORKER_LOST_CODE,
    Outcome,
    describe,
    outcome_of_stop,
    write_outcome,
)
from kerasrun.runs.records import read_outcome, read_record
from kerasrun.runs.settings import Settings
from kerasrun.runs.signals import handlers
from kerasrun.runs.supervisor import Ended, Listener, Silent

PLACING_SECS = 120.0
_POLL_SECS = 0.2
_SILENT_SECS = 10.0
_ENDING_SECS = 60.0
_LOCK_SECS = 20.0
_ANSWER_SECS = 60.0
_ERRORS = {kind.exit_code: kind for kind in (RunError, UsageError, Refused)}


class RayJob:
    """The processes of one run; as `kerasrun.runs.cluster.job.Job`, but Ray starts them.

    Args:
        folder: The run's.
        plan: How many.
        settings: Those of the run.
        cwd: Where they run.
        listener: Shows what happens.
        verbose: Whether all output is shown.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        settings: Settings,
        *,
        cwd: Path,
        listener: Listener | None = None,
        verbose: bool = False,
    ) -> None:
        self._files = RunFiles(folder.resolve())
        self._plan = plan
        self._share = Share(
            plan.workers,
            cpus=float(settings.given("cpus_per_worker") or 1),
            gpus=float(settings.given("gpus_per_worker") or 0),
        )
        self._placing_secs = float(settings.given("worker_timeout_secs") or PLACING_SECS)
        self._cwd = cwd
        self._listener = listener or Silent()
        self._verbose = verbose
        self._signals: list[signal.Signals] = []
        self._failure: BaseException | None = None
        self._last: tuple[Ended, bool] | None = None

    def run(self, request: Request) -> Ended:
        """Has Ray start all processes, and again as often as the plan allows; the last end.

        Raises:
            Refused: The run is at work.
            UsageError: Ray is not installed, or a process cannot begin.
            RunError: There is no cluster, or it has no room for the workers.
        """
        if is_locked(self._files.lock):
            raise already_running(self._files)
        attempts = len(read_record(self._files).get("attempts", []))
        cpus = math.ceil(self._plan.workers * self._share.cpus)
        try:
            # Ray prints what its nodes say to stdout, which may be for JSON; screens have theirs.
            with (
                contextlib.redirect_stdout(sys.stderr),
                connected_ray(cpus, QUIET) as ray,
                self._heard(),
            ):
                self._say_where(ray)
                training, board = self._started(ray, request, attempts)
                stopped = self._follow(ray, training, board)
                self._failure = training.failure
            return self._end(attempts, stopped=stopped)
        except RunError as error:
            begun = attempts or read_record(self._files).get("attempts")
            if not begun and not isinstance(error, Refused):
                why = Outcome("failed", error.exit_code, reason=str(error))
                write_outcome(self._files, why)  # in the background nobody else hears of it
            raise
        finally:
            shutil.rmtree(self._storage, ignore_errors=True)

    @property
    def _storage(self) -> Path:
        return self._files.folder / "ray"

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Signals are passed on instead of ending this process."""

        def hear(number: int, frame: FrameType | None) -> None:
            self._signals.append(signal.Signals(number))

        wanted = {
            int(number): hear
            for number in (signal.SIGINT, signal.SIGTERM)
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        with handlers(wanted):
            yield

    def _say_where(self, ray: Any) -> None:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        address = os.environ.get(ADDRESS_VARIABLE)
        if not address:
            check_room(self._share, nodes)
        where = f"the cluster at {address}, of {room_of(nodes)}" if address else "this machine"
        self._listener.notice(f"workers {self._share}, which Ray places on {where}")

    def _started(self, ray: Any, request: Request, attempts: int) -> tuple[RayTraining, Any]:
        from kerasrun.runs.cluster.ray_part import Order

        board = new_board(ray)
        order = Order(
            *(board, self._files.folder, self._cwd, self._plan, request, attempts),
            gpus=self._share.gpus,
            verbose=self._verbose,
            environ=environment_of_workers(),
        )
        return RayTraining(order, self._share, self._storage), board

    def _follow(self, ray: Any, training: RayTraining, board: Any) -> bool:
        """Shows what is told until all has ended; whether it was stopped before it began.

        Raises:
            RunError: There is no room for the workers, or the cluster is gone.
        """
        passed_on, over_since = 0, None
        while True:
            alive = training.alive
            try:
                told, working, silent_secs = ray.get(board.news.remote(), timeout=_ANSWER_SECS)
                for number in self._signals[passed_on:]:
                    self._pass_on(board, number, self._signals[:passed_on])
                    passed_on += 1
            except (ray.exceptions.RayError, OSError) as error:
                raise RunError(
                    f"the Ray cluster does not answer any more ({type(error).__name__}). Once "
                    f"there is one, mlrun resume {self._files.folder.name[-4:]} goes on"
                ) from error
            for kind, what in told:
                self._show(kind, what)
            over_since = over_since or (time.monotonic() if self._is_over() else None)
            if not alive or (over_since and time.monotonic() - over_since > _ENDING_SECS):
                return False
            nobody = not working or silent_secs > _SILENT_SECS
            if passed_on and nobody and not self._is_over():
                return True
            if nobody and silent_secs > self._placing_secs:
                raise self._no_room(ray)
            time.sleep(_POLL_SECS)

    def _pass_on(
        self, board: Any, number: signal.Signals, before: Sequence[signal.Signals]
    ) -> None:
        if number is signal.SIGINT:
            self._listener.notice(
                "killing it: the second interrupt"
                if number in before
                else "interrupted: it saves a checkpoint and ends (again to kill it)"
            )
        board.signal.remote(int(number))

    def _is_over(self) -> bool:
        return self._last is not None and not self._last[1]

    def _show(self, kind: str, what: Any) -> None:
        if kind == "event":
            self._listener.event(what)
        elif kind == "output":
            self._listener.output(what)
        elif kind == "notice":
            self._listener.notice(what)
        elif kind == "ended":
            self._last = what
        elif kind == "error":
            code, text, detail = what
            raise _ERRORS.get(code, RunError)(text, detail=detail)

    def _no_room(self, ray: Any) -> RunError:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        free = ray.available_resources()
        return RunError(
            f"Ray has not started {self._share} within {self._placing_secs:g} s. The cluster has "
            f"{room_of(nodes)}, of which {room_of([free])} are free now. See --workers, "
            "--cpus-per-worker, --gpus-per-worker and --worker-timeout-secs"
        )

    def _end(self, attempts: int, *, stopped: bool) -> Ended:
        """How the run ended, which is written down where no process of its own has done so."""
        self._wait_for_lock()
        number = len(read_record(self._files).get("attempts", []))
        if self._last and not self._last[1] and self._last[0].outcome.attempt == number:
            return self._last[0]
        said = read_outcome(self._files, number) if number else None
        began = bool(said["began"]) if said else number > attempts
        last = Outcome("failed", WORKER_LOST_CODE, reason=LOST, began=began, attempt=max(1, number))
        if stopped:
            last = outcome_of_stop(self._signals[0], last)
        elif number == attempts:
            why = describe(self._failure) if self._failure else "it has ended without a word"
            raise RunError(f"Ray could not begin: {why}")
        else:
            restarts = number - attempts - 1
            again = f" after {restarts} restarts" if restarts else " (see --max-restarts)"
            self._listener.notice(
                f"{LOST}{again}. mlrun resume {self._files.folder.name[-4:]} goes on"
            )
        write_outcome(self._files, last)
        return Ended(last, str(self._failure or ""), asked=stopped)

    def _wait_for_lock(self) -> None:
        deadline = time.monotonic() + _LOCK_SECS
        with contextlib.suppress(OSError):
            while is_locked(self._files.lock) and time.monotonic() < deadline:
                time.sleep(_POLL_SECS)
