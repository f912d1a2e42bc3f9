"""The worker: the process that trains. `python -m kerasrun.runs.worker RUN_DIR [REQUEST]`.

It holds the run's lock for its life, beats, and says last how it ended.
"""

import contextlib
import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.runs.attempt import Request, begin_attempt
from kerasrun.runs.cluster.places import place_from_environ
from kerasrun.runs.errors import Refused, RunError, UsageError
from kerasrun.runs.events import EventWriter
from kerasrun.runs.heartbeat import Heartbeat
from kerasrun.runs.json_file import reserve, write_json
from kerasrun.runs.lasting_output import lasting_output
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import FileLock, Locked
from kerasrun.runs.metrics import MetricsFile
from kerasrun.runs.outcome import Outcome, describe, outcome_of_error, write_outcome
from kerasrun.runs.records import PROGRAM
from kerasrun.runs.signals import exit_on_signal, handlers

_STDERR = 2
_LAST_SECS = 30.0
_LAST_IN_CLUSTER_SECS = 1.0
RAISING = {int(signal.SIGINT): signal.default_int_handler, int(signal.SIGTERM): exit_on_signal}
DEAF = {int(signal.SIGINT): signal.SIG_IGN, int(signal.SIGTERM): signal.SIG_IGN}


@dataclass
class Work:
    """What a job is given.

    Attributes:
        files: The run's.
        record: The content of `run.json`.
        events: For the screen.
        metrics: For the listing.
        locks: The lock, and what else is let go at the end.
        began: To be set once a step of training is done; before that, an error is one of the
            input and not of the run.
    """

    files: RunFiles
    record: dict[str, Any]
    events: EventWriter
    metrics: MetricsFile
    locks: contextlib.ExitStack
    began: bool = False

    def save_record(self) -> None:
        """Writes `record` to `run.json`."""
        write_json(self.files.run_json, self.record)

    def restore(self) -> None:
        """Where somebody has deleted the folder under us: makes the run's own files anew.

        The Estimator makes the folder itself for its next checkpoint, and that shall be one that
        can be found and resumed, but not while we are at work. Training goes on where it fails.
        """
        if self.files.run_json.exists():
            return
        with contextlib.suppress(OSError):
            with contextlib.suppress(Locked):  # only the record is gone
                self.locks.enter_context(FileLock(self.files.lock, wait_secs=0))
            if not self.files.exit_json.exists():
                reserve(self.files.exit_json)
            self.save_record()


Job = Callable[[Work], Outcome | None]


def work(folder: Path, job: Job, request: Request | None = None) -> int:
    """Does `job` as the next attempt of the run in `folder`.

    Args:
        folder: The run's; holds a `run.json`.
        job: What to do. An exception from it is recorded, and its traceback goes to stderr; else
            what it returns is the outcome, and `completed` where that is None.
        request: What the supervisor asks.

    Returns:
        The exit code: that of the outcome; that of `Refused` when another worker has the run;
        that of the error when the run's files cannot be read or written.
    """
    files = RunFiles(folder)
    with (
        contextlib.closing(EventWriter.from_environ()) as events,
        contextlib.ExitStack() as locks,
        lasting_output(),
    ):
        try:
            locks.enter_context(FileLock(files.lock))
            locks.enter_context(Heartbeat(files.heartbeat))
            record = begin_attempt(files, request or Request())
        except Locked:
            return Refused.exit_code
        except RunError as error:
            return _cannot_begin(error, events)
        except OSError as error:
            return _cannot_begin(UsageError(describe(error)), events)
        return _attempt(Work(files, record, events, MetricsFile(files), locks), job)


def _cannot_begin(error: RunError, events: EventWriter) -> int:
    events.send("refused", reason=str(error))  # a full disk has no room for it in output.log
    print(error, file=sys.stderr)
    return error.exit_code


def _attempt(task: Work, job: Job) -> int:
    files, events, number = task.files, task.events, len(task.record["attempts"])
    events.send("started", attempt=number)
    failure: BaseException | None = None
    try:
        # Whatever the parent had set, they raise from here on; the bridge refines it.
        with handlers(RAISING):
            said = job(task)
        outcome = said or Outcome("completed", 0, began=task.began, attempt=number)
    except BaseException as error:
        outcome = outcome_of_error(error, began=task.began, attempt=number)
        failure = error if outcome.status == "failed" else None
    with handlers(DEAF):  # the last word must not be cut off
        if failure is not None:
            print_traceback(events, failure)
        task.metrics.write()
        write_outcome(files, outcome)
    return outcome.code


def print_traceback(events: EventWriter, error: BaseException) -> None:
    """Prints the traceback of what ended the work, and tells where in the log it begins."""
    with contextlib.suppress(OSError):  # a full disk must not keep the outcome from being written
        sys.stdout.flush()
        sys.stderr.flush()
        # Where somebody listens it is output.log, even if that has been deleted.
        events.send("failing", log_offset=os.fstat(_STDERR).st_size)
        traceback.print_exception(error)
        sys.stderr.flush()


def _of_its_kind(task: Work) -> Outcome | None:
    """Does the job that the run's `kind` names."""
    import_tensorflow()
    if task.record.get("kind") == PROGRAM:
        from kerasrun.runs.program_job import run_program

        return run_program(task)
    from kerasrun.runs.job import train

    train(task)
    return None


def main() -> None:
    """Runs the job that the run's `kind` names."""
    request = Request(**json.loads(sys.argv[2])) if len(sys.argv) > 2 else None
    code = work(Path(sys.argv[1]), _of_its_kind, request)
    if place_from_environ() is not None:
        _end_in_a_cluster(code)
    # All is said and written. Threads of TensorFlow's have been seen to keep Python from ending.
    faulthandler.dump_traceback_later(_LAST_SECS, exit=True, file=_STDERR)
    sys.exit(code)


def _end_in_a_cluster(code: int) -> NoReturn:
    """Ends at once, as threads of TensorFlow's keep Python for many seconds.

    The workers' services ask ours whether all is well until they end: it ends last.
    """
    if code == 0:
        time.sleep(_LAST_IN_CLUSTER_SECS)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
