"""An attempt: one start of a worker in a run. The lock is held by whoever calls this."""

import os
from dataclasses import asdict, dataclass, field
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.host import describe_host
from kerasrun.runs.json_file import reserve, write_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import SCHEMA
from kerasrun.runs.records import read_outcome, read_record
from kerasrun.runs.status import status_without_worker


@dataclass(frozen=True)
class Request:
    """What the supervisor asks of a worker.

    Attributes:
        argv: The user's command line.
        max_steps: A new end of training, or None to keep the run's.
        workers: A new number of workers, or None to keep the run's.
        max_restarts: How often it may be started again, or None to keep what the run has.
        engine: Who shall start the workers from now on, or None to keep what the run has.
        restart: Which start after a failure this is, made without being asked; 0: none.
    """

    argv: list[str] = field(default_factory=list)
    max_steps: int | None = None
    workers: int | None = None
    max_restarts: int | None = None
    engine: str | None = None
    restart: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As it travels to the worker, in JSON."""
        return asdict(self)


def begin_attempt(files: RunFiles, request: Request) -> dict[str, Any]:
    """Enters a new attempt into `run.json`, blanks `exit.json`, and returns the record.

    The outcome of the attempt before moves into its entry; where it left none, what its status
    was. A kill between the two writes loses nothing: `exit.json` is that of the attempt before
    then, and is known as such by its number.

    Raises:
        UnreadableRun: `run.json` is damaged or gone; it is left as it is.
        OSError: It cannot be written.
    """
    record = read_record(files)
    if not record:
        raise UnreadableRun(files.folder.name, "it has no run.json")
    attempts: list[dict[str, Any]] = record.setdefault("attempts", [])
    if attempts:
        attempts[-1]["outcome"] = _outcome_before(files, record)
    attempts.append(_entry(len(attempts) + 1, request))
    enter_settings(record, request)
    write_json(files.run_json, record)
    reserve(files.exit_json)
    files.stop_asked.unlink(missing_ok=True)
    files.copied_json.unlink(missing_ok=True)  # it was a copy; now it goes on here
    return record


def enter_settings(record: dict[str, Any], request: Request) -> None:
    """Has a request's settings take the place of those of the record, whose last attempt it is."""
    origin = f"command line of attempt {len(record['attempts'])}"
    for name in ("max_steps", "workers", "max_restarts", "engine"):
        value = getattr(request, name)
        if value is not None:
            record.setdefault("settings", {})[name] = {"value": value, "origin": origin}


def _entry(number: int, request: Request) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "attempt": number,
        "started": clock.to_text(clock.now()),
        "argv": request.argv,
        "pid": os.getpid(),
        "host": describe_host(),
    }
    return {**entry, "restart": request.restart} if request.restart else entry


def _outcome_before(files: RunFiles, record: dict[str, Any]) -> dict[str, Any]:
    if outcome := read_outcome(files, attempts=len(record["attempts"])):
        return outcome
    status = status_without_worker(files, record)
    return {"schema": SCHEMA, "status": status.state, "reason": status.reason}
