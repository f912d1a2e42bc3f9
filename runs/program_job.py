"""The program that a run's record names, run in the worker as Python would run it."""

import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

from kerasrun.runs.outcome import Outcome, outcome_of_error
from kerasrun.runs.signals import exit_on_signal
from kerasrun.runs.worker import Work

_LAUNCHERS = ("<frozen runpy>", "kerasrun/compat/running.py", "runs/program_job.py")


def run_program(work: Work) -> Outcome:
    """Runs the program, with `tf.estimator` in its place; its Estimators are recorded.

    A traceback of it goes to stderr, as from Python itself.

    Returns:
        How it ended: its exit code is that of the run.
    """
    from kerasrun.bridge.interrupts import counts_as_default
    from kerasrun.bridge.new_estimators import watching_estimators
    from kerasrun.runs.job_observer import notices_told_once
    from kerasrun.runs.program_watcher import ProgramWatcher

    counts_as_default(exit_on_signal)  # an Estimator at work saves a checkpoint first
    attempt = len(work.record["attempts"])
    try:
        with watching_estimators(ProgramWatcher(work)), notices_told_once():
            _run(work.record)
            _wait_for_threads()
    except SystemExit as error:
        if not isinstance(error.code, int | None):
            print(error.code, file=sys.stderr)
        return outcome_of_error(error, began=True, attempt=attempt)
    except KeyboardInterrupt as error:
        return outcome_of_error(error, began=True, attempt=attempt)
    except BaseException as error:
        print("".join(_as_from_python(error)), end="", file=sys.stderr)
        return outcome_of_error(error, began=True, attempt=attempt)
    return Outcome("completed", 0, began=True, attempt=attempt)


def _run(record: dict[str, Any]) -> None:
    from kerasrun.compat import running

    program = record["program"]
    if program.get("module"):
        running.run_module(program["module"], program["arguments"])
    else:
        running.run_program(program["path"], program["arguments"])


def _wait_for_threads() -> None:
    """As Python does at its end; the threads of executors it ends by itself, later."""
    for thread in threading.enumerate():
        target = getattr(thread, "_target", None)
        of_executor = getattr(target, "__module__", "") == "concurrent.futures.thread"
        if not (thread is threading.main_thread() or thread.daemon or of_executor):
            thread.join()


def _as_from_python(error: BaseException) -> Iterator[str]:
    """The traceback without the frames of those who launched the program."""
    told: Any = traceback.TracebackException.from_exception(error)
    for one in _chain(told):
        frames = [frame for frame in one.stack if not frame.filename.endswith(_LAUNCHERS)]
        one.stack = traceback.StackSummary.from_list(frames) if frames else None
    yield from told.format()


def _chain(told: Any) -> Iterator[Any]:
    yield told
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            yield from _chain(other)
