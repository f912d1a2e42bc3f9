"""The three JSON records of a run, read so that nothing unexpected is in them.

A `run.json` that is damaged makes the run unreadable: it is the run. The other two only add to
it: damaged, they say nothing.
"""

import shlex
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import Refused, UnreadableRun
from kerasrun.runs.json_file import read_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import STATUSES, describe
from kerasrun.runs.shape import Each, Maybe, check, count, duration, number, time

SCHEMA = 1
TRACKED = "tracked"  # the kind of a run that a script of the user's own records
PROGRAM = "program"  # the kind of a run of `mlrun exec`

_TEXT = Maybe(str)


def status(value: Any) -> None:
    """A status that an outcome can have."""
    if value not in STATUSES:
        raise ValueError


_ORIGIN = {"value": object, "origin": str}
_RECORD = {
    "name?": _TEXT,
    "argv?": [str],
    "cwd?": str,
    "model?": {
        **{"file": str, "sha256": str, "name?": _TEXT, "copy?": str},
        "imports?": [{"file": str, "sha256": str, "copy": str}],
    },
    "program?": {"path?": _TEXT, "module?": _TEXT, "arguments": [str]},
    "model_dirs?": [str],
    "exports?": [{"name": str, "path": str}],
    "parent?": Maybe({"run": str, "how": str}),
    "git?": Maybe({"commit": str, "branch": _TEXT, "dirty": bool, "diff": _TEXT}),
    "params?": Each(_ORIGIN),
    "settings?": Each(_ORIGIN),
    "seed?": {"value": count, "origin": str},
    "versions?": Each(str),
    "environ?": Each(str),
    "attempts?": [
        {
            "started": time,
            "argv?": [str],
            "pid?": int,
            "host?": {"name?": _TEXT, "user?": _TEXT, "boot_id?": _TEXT},
        }
    ],
}
_MAX_STEPS = {"settings?": {"max_steps?": {"value": Maybe(count)}}}
_STARTABLE = {"cwd": str, "model": {"copy": str, "name": _TEXT}, "seed": {"value": count}}
_OUTCOME = {
    "status": status,
    "code?": int,
    "reason?": _TEXT,
    "signal?": _TEXT,
    "began?": bool,
    "attempt?": count,
    "ended?": time,
    "last_lines?": [str],
}
_VALUE = Maybe(number)
_SUMMARY = {
    **{"first": _VALUE, "first_step": count, "last": _VALUE, "last_step": count, "n": count},
    **{"min?": _VALUE, "min_step?": count, "max?": _VALUE, "max_step?": count},
    "counted_to?": count,
}
_METRICS = {
    "step?": Maybe(count),
    "max_steps?": Maybe(count),
    "steps_per_sec?": _VALUE,
    "updated?": time,
    "gap_secs?": Maybe({"median": duration, "longest": duration}),
    "checkpoint?": Maybe({"path": str, "step": count}),
    "loop?": Maybe({"name": str, "why": str, "secs_per_step": Each(duration)}),
    "metrics?": Each(Each(_SUMMARY)),
}


def read_record(files: RunFiles) -> dict[str, Any]:
    """The content of `run.json`; empty when the file is missing or blank.

    Raises:
        UnreadableRun: It is damaged, or written by a later version.
    """
    try:
        record = read_json(files.run_json)
        if record is None:
            return {}
        schema = record.get("schema")
        if schema != SCHEMA:
            raise ValueError(
                f"it has schema {schema!r}, this version reads {SCHEMA}: upgrade kerasrun"
            )
        check(record, _RECORD)
        check(record, _MAX_STEPS)
    except OSError as error:
        raise UnreadableRun(files.folder.name, f"run.json: {describe(error)}") from error
    except ValueError as error:
        raise UnreadableRun(files.folder.name, f"run.json: {error}") from error
    return record


def read_metrics(files: RunFiles) -> dict[str, Any]:
    """The content of `metrics.json`; empty when there is none that can be used.

    With what an evaluator found, where that was a process of its own.
    """
    content, evaluations = map(read_metrics_file, (files.metrics_json, files.evaluations_json))
    if not evaluations:
        return content
    found = [one.get("metrics") or {} for one in (content, evaluations)]
    return {**content, "metrics": found[0] | found[1]}


def read_metrics_file(path: Path) -> dict[str, Any]:
    """The content of one file of metrics; empty when there is none that can be used."""
    return _read(path, _METRICS) or {}


def read_outcome(files: RunFiles, attempts: int) -> dict[str, Any] | None:
    """The content of `exit.json`; None while it is blank, damaged, or that of an earlier attempt.

    The last happens for a moment when an attempt begins, and for long if it is killed just then.

    Args:
        files: The run's.
        attempts: How many there are.
    """
    content = _read(files.exit_json, _OUTCOME)
    if content and content.get("attempt", attempts) < attempts:
        return None
    return content


def check_startable(run_id: str, record: dict[str, Any]) -> None:
    """Raises unless `run.json` has all that a worker needs; to be listed, a run needs less.

    Raises:
        Refused: A program of the user's own made the model: only that can make it again.
        UnreadableRun: It lacks something.
    """
    if record.get("kind") == PROGRAM:
        raise Refused(
            f"run {run_id} has no model file: its model is made by its own program. Do it there, "
            f"or run it again: {shlex.join(record.get('argv') or ['?'])}"
        )
    if record.get("kind") == TRACKED:
        command = " ".join(record.get("argv") or ["?"])
        raise Refused(
            f"run {run_id} was not started by mlrun: run its own program again: {command}"
        )
    try:
        check(record, _STARTABLE)
    except ValueError as error:
        raise UnreadableRun(run_id, f"run.json: {error}") from error


def _read(path: Path, shape: dict[str, Any]) -> dict[str, Any] | None:
    try:
        content = read_json(path)
        if content is not None:
            check(content, shape)
    except (OSError, ValueError):
        return None
    return content
