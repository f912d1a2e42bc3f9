"""The supervisor: starts a worker, shows what it says, and records a death that it could not.

It imports no TensorFlow. The worker runs in a session of its own and writes to a file, not to
us: when the supervisor dies, the training goes on.
"""

import contextlib
import json
import selectors
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Protocol

from kerasrun.runs.attempt import Request
from kerasrun.runs.errors import Refused, RunError, UnreadableRun, UsageError
from kerasrun.runs.events import EventReader
from kerasrun.runs.host import oom_kills
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import already_running
from kerasrun.runs.outcome import Outcome, describe, outcome_of_death, write_outcome
from kerasrun.runs.output import OutputTail
from kerasrun.runs.records import read_outcome, read_record
from kerasrun.runs.signals import SignalRelay
from kerasrun.runs.worker_process import module_command, start_process

_POLL_SECS = 0.1
_OUTCOME_FIELDS = {field.name for field in fields(Outcome)}


class Listener(Protocol):
    """What shows a run on the screen."""

    def event(self, event: Mapping[str, Any]) -> None:
        """The worker said something (see `kerasrun.runs.events`)."""

    def output(self, line: str) -> None:
        """The worker printed a line."""

    def notice(self, text: str) -> None:
        """The supervisor has something to say."""


class Silent:
    """A listener that shows nothing."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Says nothing."""

    def output(self, line: str) -> None:
        """Says nothing."""

    def notice(self, text: str) -> None:
        """Says nothing."""


class Company(Protocol):
    """Other processes that work with the worker."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the worker's environment has besides ours."""

    def event(self, event: Mapping[str, Any]) -> None:
        """The worker said something."""

    def look(self, worker: subprocess.Popen[bytes]) -> None:
        """Called many times a second while the worker lives."""


@dataclass(frozen=True)
class Ended:
    """How the worker ended.

    Attributes:
        outcome: What stands in `exit.json`.
        traceback: What it printed about its failure; empty when it did not fail.
        asked: Whether we have passed on to it a signal to end.
    """

    outcome: Outcome
    traceback: str
    asked: bool = False


def supervise(
    folder: Path,
    request: Request | None = None,
    *,
    command: Sequence[str] | None = None,
    cwd: Path | None = None,
    listener: Listener | None = None,
    verbose: bool = False,
    company: Company | None = None,
) -> Ended:
    """Starts a worker on the run in `folder` and follows it to its end.

    SIGINT and SIGTERM are passed on to it; the second SIGINT kills it.

    Args:
        folder: The run's; holds a `run.json`.
        request: What the worker is asked.
        command: What to start instead of `python -m kerasrun.runs.worker`.
        cwd: Where it runs; here when None.
        listener: Shows what happens.
        verbose: Whether the output is shown whole, TensorFlow's noise and tracebacks too.
        company: Other processes to be looked after meanwhile.

    Raises:
        Refused: Another worker has the run.
        UsageError: The disk is full, or the folder is not ours to write: nothing was begun.
        RunError: The worker ended before it could enter its attempt.
    """
    files = RunFiles(folder)
    listener = listener or Silent()
    command = command or _worker_command(folder, request or Request())
    oom_before = oom_kills()
    with _log(files) as log, SignalRelay(listener.notice) as relay:
        environment = company.environment if company else {}
        process, events = start_process(command, files.output_log, cwd, environment)
        relay.attach(process)
        watch = Watch(process, events, OutputTail(log, everything=verbose), listener, company)
        watch.follow()
        if watch.attempt is None:
            return _ended_before_its_attempt(files, process.returncode, watch)
        outcome = _outcome(files, watch.attempt, process.returncode, oom_before)
        return Ended(outcome, watch.traceback(), asked=bool(relay.passed_on))


def _log(files: RunFiles) -> IO[bytes]:
    """The worker's output, for reading."""
    try:
        files.output_log.touch()
        return files.output_log.open("rb")
    except OSError as error:
        run_id = files.folder.name
        raise UsageError(f"cannot write to run {run_id}: {describe(error)}") from error


def _worker_command(folder: Path, request: Request) -> list[str]:
    text = json.dumps(request.to_dict())
    return module_command("kerasrun.runs.worker", str(folder), text)


class Watch:
    """Follows one process, and shows what it says.

    Args:
        process: Which.
        events: What it tells.
        tail: What it prints.
        listener: Shows both.
        company: Other processes to be looked after meanwhile.

    Attributes:
        attempt: The number of the attempt that it has entered; None before.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        events: EventReader,
        tail: OutputTail,
        listener: Listener,
        company: Company | None = None,
    ) -> None:
        self._process = process
        self._events = events
        self._tail = tail
        self._listener = listener
        self._company = company
        self._failing_at: int | None = None
        self._refused = ""
        self.attempt: int | None = None

    def follow(self) -> None:
        """Shows what comes until the process has ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._events.fd, selectors.EVENT_READ)
            while self._process.poll() is None:
                if self._events.ended:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self._process.wait(_POLL_SECS)
                else:
                    selector.select(_POLL_SECS)
                self._show()
                if self._company:
                    self._company.look(self._process)
        self._show(last=True)
        self._events.close()

    def traceback(self) -> str:
        """What the worker printed about its failure."""
        return "" if self._failing_at is None else self._tail.text(self._failing_at)

    def why_not_begun(self) -> tuple[str, str]:
        """In a line why the worker ended early, and all that it printed."""
        printed = self._tail.text()
        return self._refused or printed.strip().rpartition("\n")[2], printed

    def _show(self, *, last: bool = False) -> None:
        # The log first: an event that bounds it was sent before what it bounds was printed.
        self._tail.fetch()
        events = list(self._events.read())
        for event in events:
            self._note(event)
        for line in self._tail.lines(last=last):
            self._listener.output(line)
        for event in events:
            self._listener.event(event)
            if self._company:
                self._company.event(event)

    def _note(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "started":
            self.attempt = int(event["attempt"])
        if event["event"] == "refused":
            self._refused = str(event["reason"])
        if event["event"] == "failing":
            self._failing_at = int(event["log_offset"])
            self._tail.stop_at(self._failing_at)


def _outcome(files: RunFiles, attempt: int, returncode: int, oom_before: int) -> Outcome:
    said = read_outcome(files, attempt)
    if said and said.get("attempt", attempt) == attempt:
        known = {key: value for key, value in said.items() if key in _OUTCOME_FIELDS}
        return Outcome(**{"code": returncode, **known})
    if returncode >= 0 and not files.folder.is_dir():
        reason = f"the run's folder {files.folder} was deleted while it was at work"
        return Outcome("failed", returncode or 1, reason=reason, attempt=attempt)
    oom = oom_kills() > oom_before
    outcome = outcome_of_death(returncode, attempt=attempt, out_of_memory=oom)
    if not said:  # else somebody has resumed the run since, and it has come to its end
        write_outcome(files, outcome)
    return outcome


def _ended_before_its_attempt(files: RunFiles, returncode: int, watch: Watch) -> Ended:
    if returncode == Refused.exit_code:
        raise already_running(files)
    outcome = outcome_of_death(returncode, attempt=1, out_of_memory=False)
    if outcome.status == "failed":
        line, printed = watch.why_not_begun()
        kind = UsageError if returncode == UsageError.exit_code else RunError
        raise kind(
            f"the worker could not begin: {line or f'exit code {returncode}'}", detail=printed
        )
    with contextlib.suppress(UnreadableRun):
        if not read_record(files).get("attempts"):
            write_outcome(files, outcome)
    return Ended(outcome, "")
