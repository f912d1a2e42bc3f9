"""The worker: the process that trains. `python -m kerasrun.runs.worker RUN_DIR [REQUEST]`.

It holds the run's lock for its life, beats, and says last how it ended.
"""

import contextlib
import json
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrun.runs.attempt import Request, begin_attempt
from kerasrun.runs.events import EventWriter
from kerasrun.runs.heartbeat import Heartbeat
from kerasrun.runs.json_file import write_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import RunLock
from kerasrun.runs.metrics import MetricsFile
from kerasrun.runs.outcome import Outcome, outcome_of_error, write_outcome
from kerasrun.runs.signals import exit_on_signal, handlers

REFUSED_CODE = 4
_RAISING = {int(signal.SIGINT): signal.default_int_handler, int(signal.SIGTERM): exit_on_signal}
_DEAF = {int(signal.SIGINT): signal.SIG_IGN, int(signal.SIGTERM): signal.SIG_IGN}


@dataclass
class Work:
    """What a job is given.

    Attributes:
        files: The run's.
        record: The content of `run.json`.
        events: For the screen.
        metrics: For the listing.
        began: To be set once a step of training is done; before that, an error is one of the
            input and not of the run.
    """

    files: RunFiles
    record: dict[str, Any]
    events: EventWriter
    metrics: MetricsFile
    began: bool = False

    def save_record(self) -> None:
        """Writes `record` to `run.json`."""
        write_json(self.files.run_json, self.record)


Job = Callable[[Work], None]


def work(folder: Path, job: Job, request: Request | None = None) -> int:
    """Does `job` as the next attempt of the run in `folder`.

    Args:
        folder: The run's; holds a `run.json`.
        job: What to do; an exception from it is recorded, and its traceback goes to stderr.
        request: What the supervisor asks.

    Returns:
        The exit code: that of the outcome, or `REFUSED_CODE` when another worker has the run.
    """
    files = RunFiles(folder)
    events = EventWriter.from_environ()
    try:
        lock = RunLock(files.lock)
    except BlockingIOError:
        return REFUSED_CODE
    try:
        with Heartbeat(files.heartbeat):
            return _attempt(files, job, request or Request(), events)
    finally:
        lock.release()
        events.close()


def _attempt(files: RunFiles, job: Job, request: Request, events: EventWriter) -> int:
    record = begin_attempt(files, request)
    number = len(record["attempts"])
    events.send("started", attempt=number)
    task = Work(files, record, events, MetricsFile(files))
    failure: BaseException | None = None
    try:
        # Whatever the parent had set, they raise from here on; the bridge refines it.
        with handlers(_RAISING):
            job(task)
        outcome = Outcome("completed", 0, began=task.began, attempt=number)
    except BaseException as error:
        outcome = outcome_of_error(error, began=task.began, attempt=number)
        failure = error if outcome.status == "failed" else None
    with handlers(_DEAF):  # the last word must not be cut off
        if failure is not None:
            _print_traceback(files, events, failure)
        task.metrics.write()
        write_outcome(files, outcome)
    return outcome.code


def _print_traceback(files: RunFiles, events: EventWriter, error: BaseException) -> None:
    with contextlib.suppress(OSError):  # a full disk must not keep the outcome from being written
        sys.stdout.flush()
        sys.stderr.flush()
        size = files.output_log.stat().st_size if files.output_log.exists() else 0
        events.send("failing", log_offset=size)
        traceback.print_exception(error)
        sys.stderr.flush()


def main() -> None:
    """Runs the job that the run's `kind` names."""
    from kerasrun.runs.job import train

    request = Request(**json.loads(sys.argv[2])) if len(sys.argv) > 2 else None
    sys.exit(work(Path(sys.argv[1]), train, request))


if __name__ == "__main__":
    main()
