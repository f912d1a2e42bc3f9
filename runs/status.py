"""The status of a run, computed when it is read and never stored as a fact.

1. `exit.json` tells of the last attempt: what it says (completed, failed, stopped, killed).
2. The lock is held: running; or stalled, when no step was made for long.
3. The folder is a copy: what it was when it was copied; lost, if it was at work and that is old.
4. No worker has ever held it: preparing for a minute, then crashed.
5. The lock is free on the machine that ran it: crashed.
6. It ran on another machine, where a lock may not be seen from here: running while the heartbeat
   is fresh, else lost.
"""

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.copied import read_copied, status_of_copy
from kerasrun.runs.host import boot_id
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked

ENDED = ("completed", "failed", "stopped", "killed", "crashed", "lost")
ACTIVE = ("preparing", "running", "stalled")

_PREPARING_SECS = 60
_HEARTBEAT_SECS = 90
_STALLED_SECS = 300


@dataclass(frozen=True)
class Status:
    """What a run is doing, or how it ended.

    Attributes:
        state: One of `ACTIVE` or `ENDED`.
        reason: Why, in a few words; empty where there is nothing to say.
    """

    state: str
    reason: str = ""

    @property
    def active(self) -> bool:
        """Whether the run may still be working."""
        return self.state in ACTIVE

    def __str__(self) -> str:
        """`crashed (host rebooted)`."""
        return f"{self.state} ({self.reason})" if self.reason else self.state


def status_of(
    files: RunFiles,
    record: Mapping[str, Any],
    metrics: Mapping[str, Any],
    outcome: Mapping[str, Any] | None,
    *,
    now: datetime | None = None,
) -> Status:
    """Judges a run by its files.

    Args:
        files: Where they lie.
        record: The content of `run.json`; empty when it is not there yet.
        metrics: The content of `metrics.json`; empty when there is none.
        outcome: What `exit.json` says of the last attempt; None while it says nothing.
        now: The present.
    """
    if outcome:
        return Status(str(outcome.get("status", "failed")), str(outcome.get("reason") or ""))
    moment = now or clock.now()
    if is_locked(files.lock):
        return _of_a_living_worker(record, metrics, moment)
    if copied := read_copied(files):
        return Status(*status_of_copy(copied, ACTIVE, moment))
    return status_without_worker(files, record, now=moment)


def status_without_worker(
    files: RunFiles, record: Mapping[str, Any], *, now: datetime | None = None
) -> Status:
    """The status of a run that has no outcome and whose lock nobody is seen to hold."""
    attempts = record.get("attempts") or []
    if not attempts:
        return _never_started(files, now or clock.now())
    ran_on = attempts[-1].get("host") or {}
    if ran_on.get("boot_id") and ran_on["boot_id"] == boot_id():
        return Status("crashed", "the process is gone and left no outcome")
    if ran_on.get("name") == socket.gethostname():
        same = ran_on.get("boot_id") is None
        return Status("crashed", "the process is gone" if same else "host rebooted")
    age = _heartbeat_age_secs(files)
    if age is not None and age < _HEARTBEAT_SECS:
        return Status("running", f"on {ran_on.get('name')}")
    return Status("lost", f"no heartbeat from {ran_on.get('name')}")


def _never_started(files: RunFiles, now: datetime) -> Status:
    age = now.timestamp() - files.folder.stat().st_mtime
    if age < _PREPARING_SECS:
        return Status("preparing")
    return Status("crashed", "the worker never started")


def _of_a_living_worker(
    record: Mapping[str, Any], metrics: Mapping[str, Any], now: datetime
) -> Status:
    """Running, or stalled: a worker that evaluates for long is given twice its longest pause."""
    last = _last_sign(record, metrics)
    gaps = metrics.get("gap_secs") or {}
    patience = max(
        _STALLED_SECS, 10 * (gaps.get("median") or 0.0), 2 * (gaps.get("longest") or 0.0)
    )
    if last is None or now - last <= timedelta(seconds=patience):
        return Status("running")
    return Status("stalled", f"no step for {int((now - last).total_seconds() // 60)} min")


def _last_sign(record: Mapping[str, Any], metrics: Mapping[str, Any]) -> datetime | None:
    attempts = record.get("attempts") or []
    texts = [metrics.get("updated"), attempts[-1].get("started") if attempts else None]
    return max((clock.from_text(text) for text in texts if text), default=None)


def _heartbeat_age_secs(files: RunFiles) -> float | None:
    try:
        beat = files.heartbeat.stat().st_mtime
    except OSError:
        return None
    return _file_server_time(files.folder) - beat


def _file_server_time(folder: Path) -> float:
    """The present by the clock that stamps the files in `folder`, where it can be asked."""
    with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, prefix=".") as file:
        return os.fstat(file.fileno()).st_mtime
    return time.time()
