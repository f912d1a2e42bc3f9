"""How an attempt ended: the content of `exit.json`."""

import contextlib
import errno
import re
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.errors import RunError
from kerasrun.runs.json_file import write_reserved
from kerasrun.runs.layout import RunFiles

SCHEMA = 1
WORKER_LOST_CODE = 75  # EX_TEMPFAIL: one of several workers is gone; started again, it may go well
STATUSES = ("completed", "failed", "stopped", "killed")
_STOP_CODES = {128 + signal.SIGINT: signal.SIGINT, 128 + signal.SIGTERM: signal.SIGTERM}
_OF_TENSORFLOW = re.compile(r"\{\{\w+ [^}]*\}\}|\[Op:\w+\]")  # where in a graph: says nothing here
_REASON_CHARACTERS = 500
_LAST_LINES = 20
_LAST_LINES_BYTES = 2000


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        status: One of `STATUSES`: `completed`, `failed`, `stopped` (asked to, by SIGINT or
            SIGTERM) or `killed`.
        code: What the worker exits with: 0, 1, 2 (bad input), 75 (another worker was lost), 128 +
            n for signal n, or the model file's own.
        signal: `SIGKILL` and the like, or None.
        reason: Why, in a line; empty when completed.
        began: Whether a step of training was done.
    """

    status: str
    code: int
    signal: str | None = None
    reason: str = ""
    began: bool = False
    attempt: int = 1
    ended: str = field(default_factory=lambda: clock.to_text(clock.now()))
    last_lines: list[str] = field(default_factory=list)

    @property
    def command_code(self) -> int:
        """What the command exits with (see `kerasrun.runs.errors`)."""
        if self.status == "failed" and self.code == WORKER_LOST_CODE:
            return self.code
        if self.status == "failed":
            return 2 if self.code == 2 and not self.began else 1
        return self.code


def outcome_of_error(error: BaseException, *, began: bool, attempt: int) -> Outcome:
    """The outcome of an attempt that `error` ended.

    Args:
        error: What came out of the job.
        began: Whether a step of training was done; before it, an error is one of the input.
        attempt: Its number.
    """
    if isinstance(error, KeyboardInterrupt):
        return _stopped(signal.SIGINT, began, attempt)
    if isinstance(error, SystemExit):
        return _of_exit(error, began, attempt)
    code = error.exit_code if isinstance(error, RunError) else 1
    if _is_lost_worker(error):
        why = describe(error)
        return Outcome("failed", WORKER_LOST_CODE, reason=why, began=began, attempt=attempt)
    if not began and is_bad_input(error):
        code = 2
    return Outcome(
        "failed", 1 if began else code, reason=describe(error), began=began, attempt=attempt
    )


def outcome_of_death(returncode: int, *, attempt: int, out_of_memory: bool) -> Outcome:
    """The outcome of a worker that ended without a word.

    Args:
        returncode: As `subprocess` gives it: minus the signal's number when one killed it.
        attempt: Its number.
        out_of_memory: Whether the kernel killed a process for lack of memory meanwhile.
    """
    if returncode >= 0:
        reason = f"the process ended with exit code {returncode} before its work was over"
        return Outcome("failed", returncode or 1, reason=reason, attempt=attempt)
    name = _signal_name(-returncode)
    reason = f"{name}, out of memory" if out_of_memory and name == "SIGKILL" else name
    status = "stopped" if -returncode in _STOP_CODES.values() else "killed"
    return Outcome(status, 128 - returncode, signal=name, reason=reason, attempt=attempt)


def outcome_of_stop(number: signal.Signals, last: Outcome) -> Outcome:
    """The outcome of a run that was asked to end while none of its processes was at work.

    Args:
        number: SIGINT or SIGTERM.
        last: How its last attempt ended.
    """
    return _stopped(number, last.began, last.attempt)


def write_outcome(files: RunFiles, outcome: Outcome) -> None:
    """Fills `exit.json`; on failure with the last lines of the output."""
    content: dict[str, Any] = {"schema": SCHEMA, **asdict(outcome)}
    if outcome.status in ("failed", "killed"):
        content["last_lines"] = last_lines(files.output_log)
    with contextlib.suppress(OSError):
        try:
            write_reserved(files.exit_json, content)
        except ValueError:  # too long in UTF-8: the reason alone
            write_reserved(files.exit_json, {**content, "last_lines": []})


def describe(error: BaseException) -> str:
    """One line for an exception.

    >>> describe(ValueError("units must be positive,\\n found 0"))
    'units must be positive, found 0'
    >>> describe(ZeroDivisionError("division by zero"))
    'ZeroDivisionError: division by zero'
    """
    text = " ".join(_OF_TENSORFLOW.sub("", str(error)).split())
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.strerror}: {error.filename}"
    if len(text) > _REASON_CHARACTERS:
        text = text[: _REASON_CHARACTERS - 1] + "…"
    name = type(error).__name__
    if not text:
        return name
    return text if _speaks_for_itself(error) else f"{name}: {text}"


def is_bad_input(error: BaseException) -> bool:
    """Whether an error before the first step says that a file, a value or the model is wrong."""
    if isinstance(error, OSError):
        return error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM)
    # TensorFlow's errors are told by name: this module must not import it.
    names = {kind.__name__ for kind in type(error).__mro__}
    bad = {"InvalidArgumentError", "NotFoundError", "FailedPreconditionError", "DataLossError"}
    return isinstance(error, ValueError | TypeError | LookupError | ImportError) or bool(
        names & bad
    )


def last_lines(log: Path) -> list[str]:
    """The last 20 lines of a log, at most 2,000 bytes of them."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LAST_LINES_BYTES))
            return file.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
    except OSError:
        return []


def _is_lost_worker(error: BaseException) -> bool:
    # By name: see is_bad_input.
    return "WorkerLostError" in {kind.__name__ for kind in type(error).__mro__}


def _speaks_for_itself(error: BaseException) -> bool:
    plain = type(error) in (ValueError, TypeError, FileNotFoundError)
    of_a_file = isinstance(error, OSError) and bool(error.strerror and error.filename)
    own_key_error = isinstance(error, KeyError) and type(error) is not KeyError
    ours = isinstance(error, RunError) or _is_lost_worker(error)
    return plain or of_a_file or own_key_error or ours


def _stopped(number: signal.Signals, began: bool, attempt: int) -> Outcome:
    return Outcome("stopped", 128 + number, number.name, number.name, began, attempt)


def _of_exit(error: SystemExit, began: bool, attempt: int) -> Outcome:
    if error.code in _STOP_CODES:
        return _stopped(_STOP_CODES[error.code], began, attempt)
    if error.code in (None, 0):
        return Outcome("completed", 0, began=began, attempt=attempt)
    code = error.code if isinstance(error.code, int) else 1
    reason = f"sys.exit({error.code!r})"
    return Outcome("failed", code, reason=reason, began=True, attempt=attempt)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
