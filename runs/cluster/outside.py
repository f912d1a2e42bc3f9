"""A run whose processes somebody else has started, on several hosts: they find it by a word.

All run the same command with the same runs' root. The one that leads makes the run, or goes on with
it where it is there already; the others wait for its record, and take part.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.places import EVALUATOR, TF_CONFIG, TIMEOUT_VARIABLE, Place
from kerasrun.runs.errors import RunError, UnreadableRun, UsageError
from kerasrun.runs.ids import is_run_id
from kerasrun.runs.json_file import read_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import WORKER_LOST_CODE, describe
from kerasrun.runs.output import OutputTail
from kerasrun.runs.resume import nothing_to_train
from kerasrun.runs.run import read_run
from kerasrun.runs.signals import SignalRelay
from kerasrun.runs.supervisor import Listener, Watch
from kerasrun.runs.worker_process import module_command, start_process

TIMEOUT_SECS = 600.0
_POLL_SECS = 0.5


class NoLeader(RunError):
    """The process that leads has made no run in time."""

    exit_code = WORKER_LOST_CODE


def check_word(job: str) -> None:
    """Raises unless a job can be called so.

    Raises:
        UsageError: It is blank, or holds a blank.
    """
    if not job or len(job.split()) != 1 or job != job.strip():
        raise UsageError(f"--job {job!r}: expected a word, the same in all processes of the job")


def enter(place: Place, timeout_secs: float | None, environ: Any = os.environ) -> float:
    """Says in the environment where this process stands, for what it starts.

    Args:
        place: Where.
        timeout_secs: How long it waits for the others; None: as the environment says, else 600.
        environ: Where that is said.

    Returns:
        How long it waits.
    """
    environ[TF_CONFIG] = place.tf_config
    if timeout_secs is None:
        with contextlib.suppress(ValueError):
            timeout_secs = float(environ.get(TIMEOUT_VARIABLE) or TIMEOUT_SECS)
    secs = TIMEOUT_SECS if timeout_secs is None else timeout_secs
    environ[TIMEOUT_VARIABLE] = str(secs)
    return secs


class JobFinder:
    """Finds the run of a job; a run that is another's is read once only.

    Args:
        root: Where the runs live.
        job: The word.
    """

    def __init__(self, root: Path, job: str) -> None:
        self._root = root
        self._job = job
        self._others: set[str] = set()

    def find(self) -> Path | None:
        """The newest run of the job, or None while there is none with a record."""
        try:
            names = sorted(filter(is_run_id, os.listdir(self._root)), reverse=True)
        except OSError:
            return None
        for name in names:
            if name not in self._others and self._is_ours(name):
                return self._root / name
        return None

    def wait(self, secs: float, *, monotonic: Callable[[], float] = time.monotonic) -> Path:
        """The run of the job, once it is there.

        Raises:
            NoLeader: It did not come in so many seconds.
        """
        deadline = monotonic() + secs
        while (folder := self.find()) is None:
            if monotonic() >= deadline:
                raise NoLeader(
                    f"no run of job {self._job} came to be under {self._root} within {secs:g} s. "
                    "The process that leads makes it: it must run the same command, with the same "
                    "--job and a --root that all of them share"
                )
            time.sleep(_POLL_SECS)
        return folder

    def _is_ours(self, name: str) -> bool:
        try:
            record = read_json(RunFiles(self._root / name).run_json)
        except (OSError, ValueError):
            record = {}
        if record is None:  # it is just being made
            return False
        if record.get("job") == self._job:
            return True
        self._others.add(name)
        return False


@dataclass(frozen=True)
class Part:
    """How a process's part in a job ended.

    Attributes:
        code: What it exits with.
        reason: Why it failed, in a line; empty where it did not.
        traceback: What it printed about that.
    """

    code: int
    reason: str = ""
    traceback: str = ""


def take_part(
    place: Place,
    folder: Path,
    request: Request,
    *,
    listener: Listener,
    verbose: bool = False,
    command: list[str] | None = None,
) -> Part:
    """Takes part in the run in `folder`, again as often as the request allows when another is lost.

    SIGINT and SIGTERM are passed on.

    Args:
        place: Where this process stands in its cluster.
        folder: The run's.
        request: What the run is asked.
        listener: Shows what is printed.
        verbose: Whether the output is shown whole.
        command: What to start instead of our own module.
    """
    files = RunFiles(folder)
    evaluates = place.task_type == EVALUATOR
    log = files.evaluator_log if evaluates else files.worker_log(place.index)
    words = json.dumps(request.to_dict())
    command = command or module_command("kerasrun.runs.cluster.peer", str(folder), words)
    restarts = 0
    while True:
        with SignalRelay(listener.notice) as relay:
            part = _once(command, log, listener, relay, verbose=verbose)
        asked = bool(relay.passed_on or relay.received)
        if part.code != WORKER_LOST_CODE or asked or restarts >= (request.max_restarts or 0):
            return part
        restarts += 1
        listener.notice(f"{part.reason} Restart {restarts} of {request.max_restarts}")


def _once(
    command: list[str], log: Path, listener: Listener, relay: SignalRelay, *, verbose: bool
) -> Part:
    try:
        log.touch()
        output = log.open("rb")
    except OSError as error:
        raise UsageError(f"cannot write {log}: {describe(error)}") from error
    with output:
        tail = OutputTail(output, everything=verbose)
        process, events = start_process(command, log, None, {})
        relay.attach(process)
        told = _Told(listener)
        watch = Watch(process, events, tail, told)
        watch.follow()
        code = process.returncode
        if code < 0:
            return Part(128 - code, f"it was killed ({signal.Signals(-code).name})")
        reason = told.reason or watch.why_not_begun()[0]
        return Part(code, reason if code not in (0, 130, 143) else "", watch.traceback())


class _Told:
    """Keeps why a process says that it failed, and passes the rest on."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.reason = ""

    def event(self, event: Mapping[str, Any]) -> None:
        """Keeps the reason."""
        if event["event"] == "failed":
            self.reason = str(event["reason"])

    def output(self, line: str) -> None:
        """Passes it on."""
        self._listener.output(line)

    def notice(self, text: str) -> None:
        """Passes it on."""
        self._listener.notice(text)


def has_ended(folder: Path, max_steps: int | None) -> bool:
    """Whether the run in `folder` has trained as far as it is to, so that nothing is left to do."""
    with contextlib.suppress(UnreadableRun, FileNotFoundError):
        return nothing_to_train(read_run(folder), max_steps) is not None
    return False
