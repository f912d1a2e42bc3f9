"""One run, as its files tell it at the moment of reading."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasrun.runs import clock, ids
from kerasrun.runs.errors import UnreadableRun
from kerasrun.runs.labels import Labels, read_labels
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import describe
from kerasrun.runs.records import read_metrics, read_outcome, read_record
from kerasrun.runs.status import Status, status_of


@dataclass(frozen=True)
class Run:
    """A run as it was when it was read.

    Attributes:
        folder: Its folder, the `model_dir`.
        record: The content of `run.json`; empty while the run is being prepared.
        metrics: The content of `metrics.json`; empty when there is none.
        outcome: The content of `exit.json`, or None before the end.
        status: What it is doing, or how it ended.
        labels: The content of `labels.json`.
    """

    folder: Path
    record: dict[str, Any]
    metrics: dict[str, Any]
    outcome: dict[str, Any] | None
    status: Status
    labels: Labels

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
        UnreadableRun: `run.json` is damaged, written by a later version, or not ours to read.
        FileNotFoundError: There is no such folder.
    """
    files = RunFiles(folder)
    record = read_record(files)
    metrics = read_metrics(files)
    outcome = read_outcome(files, attempts=len(record.get("attempts", [])))
    try:
        status = status_of(files, record, metrics, outcome, now=now)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableRun(folder.name, describe(error)) from error
    return Run(folder, record, metrics, outcome, status, read_labels(files))
