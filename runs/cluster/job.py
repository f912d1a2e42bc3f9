"""A run's processes, started and watched, and started again where that may help."""

import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.devices import split_devices, visible_devices
from kerasrun.runs.cluster.faults import Verdict, verdict
from kerasrun.runs.cluster.peers import GRACE_SECS, Peers
from kerasrun.runs.cluster.places import Place, local_places
from kerasrun.runs.engine import RAY, check_engine
from kerasrun.runs.errors import UnreadableRun, UsageError
from kerasrun.runs.latest_step import latest_step
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import WORKER_LOST_CODE, outcome_of_stop, write_outcome
from kerasrun.runs.records import read_record
from kerasrun.runs.settings import Settings
from kerasrun.runs.signals import SignalRelay
from kerasrun.runs.supervisor import Ended, Listener, Silent, supervise

TIMEOUT_SECS = 60.0
_TELLING_SECS = 10.0
_ENDING_SECS = 3.0


@dataclass(frozen=True)
class Plan:
    """How many processes train, and how often they are started again.

    Attributes:
        workers: How many processes.
        max_restarts: How often all of them are started again after a failure.
        devices: For each of them, what its environment has besides.
        told: A sentence about that, where there are several.
        timeout_secs: How long they wait for each other at the start.
    """

    workers: int
    max_restarts: int
    devices: Sequence[Mapping[str, str]]
    told: str = ""
    timeout_secs: float = TIMEOUT_SECS


def plan_of(record: Mapping[str, Any], request: Request | None = None) -> Plan:
    """What a run's record says, and the request that changes it.

    Raises:
        UsageError: There are several CUDA devices, but not one for each worker; or Ray is to run
            them, and is not installed.
    """
    settings = Settings(dict(record.get("settings") or {}))
    asked = request or Request()
    workers = int(asked.workers or settings.given("workers") or 1)
    restarts = asked.max_restarts
    restarts = settings.given("max_restarts") if restarts is None else restarts
    timeout_secs = float(settings.given("worker_timeout_secs") or TIMEOUT_SECS)
    if (asked.engine or settings.given("engine")) == RAY:  # which gives each its devices
        check_engine(RAY)
        return Plan(workers, int(restarts or 0), [{}] * workers, timeout_secs=timeout_secs)
    if workers == 1:
        return Plan(1, int(restarts or 0), [{}])
    devices, told = split_devices(workers, visible_devices())
    return Plan(workers, int(restarts or 0), devices, told, timeout_secs)


class Job:
    """The processes of one run.

    Args:
        folder: The run's.
        plan: How many.
        cwd: Where they run.
        listener: Shows what happens.
        verbose: Whether all output is shown.
        commands: What to start instead of our own worker, and instead of each peer.
        grace_secs: See `Peers`.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        *,
        cwd: Path | None = None,
        listener: Listener | None = None,
        verbose: bool = False,
        commands: tuple[Sequence[str], Sequence[str]] | None = None,
        grace_secs: float = GRACE_SECS,
    ) -> None:
        self._files = RunFiles(folder)
        self._plan = plan
        self._cwd = cwd
        self._listener = listener or Silent()
        self._verbose = verbose
        self._commands = commands or (None, None)
        self._grace_secs = grace_secs

    def run(self, request: Request) -> Ended:
        """Starts all processes, and again as often as the plan allows; returns the last end.

        Raises:
            Refused, UsageError, RunError: See `kerasrun.runs.supervisor.supervise`.
        """
        restarts = 0
        with SignalRelay(lambda text: None) as between:  # for a signal that comes amid a restart
            while True:
                ended, judged = self._attempt(request, between)
                if not judged.again or ended.asked or self._files.stop_asked.exists():
                    return ended
                if between.received:
                    outcome = outcome_of_stop(between.received, ended.outcome)
                    write_outcome(self._files, outcome)
                    return Ended(outcome, "", asked=True)
                if restarts >= self._plan.max_restarts:
                    return self._given_up(ended, judged, restarts)
                restarts += 1
                self._say_restart(judged.what, restarts)
                request = replace(request, restart=restarts)  # it may not have been entered yet

    def _attempt(self, request: Request, between: SignalRelay) -> tuple[Ended, Verdict]:
        places = self._places()
        with self._peers(places, lambda: between.received) as peers:
            ended = supervise(
                self._files.folder,
                request,
                command=self._commands[0],
                cwd=self._cwd,
                listener=self._listener,
                verbose=self._verbose,
                company=peers,
            )
            failed_before = peers.faults
            telling = ended.outcome.code == WORKER_LOST_CODE and not failed_before
            peers.end(min(self._grace_secs, _TELLING_SECS if telling else _ENDING_SECS))
            if ended.asked:
                return ended, Verdict(ended.outcome, "", again=False)
            judged = verdict(
                ended.outcome,
                peers.faults,
                leader=places[0].name if places else "the worker",
                leader_was_ended=peers.leader_was_ended,
                failed_before=failed_before,
                step=peers.step,
            )
            if judged.outcome is ended.outcome:
                return ended, judged
            self._correct(judged)
            traceback = peers.traceback_of(judged.fault) if judged.fault else ""
            return Ended(judged.outcome, traceback or ended.traceback), judged

    def _peers(self, places: Sequence[Place], asked: Callable[[], signal.Signals | None]) -> Peers:
        return Peers(
            self._files,
            places,
            self._plan.devices,
            timeout_secs=self._plan.timeout_secs,
            cwd=self._cwd,
            command=self._commands[1],
            asked=asked,
            grace_secs=self._grace_secs,
        )

    def _places(self) -> list[Place]:
        if self._plan.workers == 1:
            return []
        try:
            return local_places(self._plan.workers)
        except OSError as error:
            raise UsageError(
                f"no {self._plan.workers} free ports for as many workers: {error.strerror}"
            ) from error

    def _correct(self, judged: Verdict) -> None:
        """Writes what was the cause, unless somebody has gone on with the run already."""
        with contextlib.suppress(UnreadableRun):
            attempts = read_record(self._files).get("attempts", [])
            if len(attempts) == judged.outcome.attempt:
                write_outcome(self._files, judged.outcome)

    def _say_restart(self, what: str, number: int) -> None:
        count = f"restart {number} of {self._plan.max_restarts}"
        self._listener.notice(f"{what}; {count} from {self._where()}")

    def _given_up(self, ended: Ended, judged: Verdict, restarts: int) -> Ended:
        if self._plan.workers > 1 or restarts:
            count = f"{restarts} restart{'s' if restarts > 1 else ''}"
            times = f" after {count}" if restarts else "; it was not started again"
            hint = " (see --max-restarts)" if not restarts else ""
            self._listener.notice(
                f"{judged.what}{times}{hint}. mlrun resume {self._files.folder.name[-4:]} goes on "
                f"from {self._where()}"
            )
        return ended

    def _where(self) -> str:
        step = latest_step(self._files.folder)
        return "the beginning" if step is None else f"step {step:,}"


def run_job(
    folder: Path,
    record: Mapping[str, Any],
    request: Request,
    *,
    cwd: Path,
    listener: Listener | None = None,
    verbose: bool = False,
) -> Ended:
    """Starts the processes that a run's record asks for, and follows them to their end.

    Args:
        folder: The run's.
        record: The content of its `run.json`.
        request: What the worker is asked.
        cwd: Where they run.
        listener: Shows what happens.
        verbose: Whether all output is shown.

    Raises:
        Refused, UsageError, RunError: See `kerasrun.runs.supervisor.supervise`.
    """
    plan = plan_of(record, request)
    settings = Settings(dict(record.get("settings") or {}))
    if (request.engine or settings.given("engine")) == RAY:
        from kerasrun.runs.cluster.ray_job import RayJob

        return RayJob(folder, plan, settings, cwd=cwd, listener=listener, verbose=verbose).run(
            request
        )
    if plan.told and listener is not None:
        listener.notice(f"workers {plan.told}")
    return Job(folder, plan, cwd=cwd, listener=listener, verbose=verbose).run(request)
