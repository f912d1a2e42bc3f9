"""One run, as its files tell it at the moment of reading."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasrun.runs import clock, ids
from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.json_file import read_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.status import Status, status_of

SCHEMA = 1


@dataclass(frozen=True)
class Run:
    """A run as it was when it was read.

    Attributes:
        folder: Its folder, the `model_dir`.
        record: The content of `run.json`; empty while the run is being prepared.
        metrics: The content of `metrics.json`; empty when there is none.
        outcome: The content of `exit.json`, or None before the end.
        status: What it is doing, or how it ended.
    """

    folder: Path
    record: dict[str, Any]
    metrics: dict[str, Any]
    outcome: dict[str, Any] | None
    status: Status

    @property
    def id(self) -> str:
        """The whole id, which is the folder's name."""
        return self.folder.name

    @property
    def name(self) -> str | None:
        """What the user called it."""
        return self.record.get("name")

    @property
    def started(self) -> datetime:
        """When the id was given out, in UTC."""
        return ids.started_at(self.id)

    @property
    def step(self) -> int | None:
        """The last `global_step` that is known."""
        return self.metrics.get("step")

    @property
    def max_steps(self) -> int | None:
        """Where training ends."""
        value: int | None = (self.record.get("settings") or {}).get("max_steps", {}).get("value")
        return self.metrics.get("max_steps") or value

    @property
    def params(self) -> dict[str, Any]:
        """The hyperparameters' values by name."""
        return {name: entry.get("value") for name, entry in self.record.get("params", {}).items()}

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """Each start of a worker in this run, oldest first."""
        return list(self.record.get("attempts") or [])

    def seconds(self, now: datetime | None = None) -> float | None:
        """How long the last attempt took, or has taken up to `now`; None when not known."""
        if not self.attempts:
            return None
        begun = clock.from_text(self.attempts[-1]["started"])
        ended = self._ended() if not self.status.active else now or clock.now()
        return max(0.0, (ended - begun).total_seconds()) if ended else None

    def _ended(self) -> datetime | None:
        if self.outcome and self.outcome.get("ended"):
            return clock.from_text(self.outcome["ended"])
        with contextlib.suppress(OSError):  # a crash: the last sign of life
            beat = RunFiles(self.folder).heartbeat.stat().st_mtime
            return datetime.fromtimestamp(beat, tz=clock.now().tzinfo)
        return None


def read_run(folder: Path, *, now: datetime | None = None) -> Run:
    """Reads the run in `folder`.

    Raises:
        UnreadableRun: `run.json` is damaged, or written by a later version.
    """
    files = RunFiles(folder)
    record = _record(files)
    metrics = _metrics(files)
    outcome = _lenient(files.exit_json)
    try:
        status = status_of(files, record, metrics, outcome, now=now)
    except ValueError as error:
        raise UnreadableRun(folder.name, str(error)) from error
    return Run(folder, record, metrics, outcome, status)


def _record(files: RunFiles) -> dict[str, Any]:
    try:
        record = read_json(files.run_json)
    except (OSError, ValueError) as error:
        raise UnreadableRun(files.folder.name, f"run.json: {error}") from error
    if record is None:
        return {}
    schema = record.get("schema")
    if schema != SCHEMA:
        raise UnreadableRun(
            files.folder.name,
            f"run.json has schema {schema!r}, this version reads {SCHEMA}: upgrade kerasrun",
        )
    _check_shape(files, record)
    return record


def _check_shape(files: RunFiles, record: dict[str, Any]) -> None:
    """What is read later must be of the expected kind: damage is told, and hides no other run."""
    for name in ("params", "settings"):
        entries = record.get(name, {})
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise UnreadableRun(files.folder.name, f"run.json: {name} is no object of objects")
    attempts = record.get("attempts", [])
    if not isinstance(attempts, list) or not all(_is_attempt(entry) for entry in attempts):
        raise UnreadableRun(files.folder.name, "run.json: attempts is no list of attempts")


def _is_attempt(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("started"), str)
        and isinstance(entry.get("host", {}), dict)
    )


def _metrics(files: RunFiles) -> dict[str, Any]:
    content = _lenient(files.metrics_json) or {}
    groups = content.get("metrics", {})
    return content if isinstance(groups, dict) else {}


def _lenient(path: Path) -> dict[str, Any] | None:
    """A summary or an outcome that is half written says nothing yet; the run itself is shown."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None
