"""What the copy of a run says of the run itself: `copied.json`.

A copy has no lock that could be asked. So whoever makes it writes down what the status is at that
moment; while the run is at work, its copies are refreshed, and one that is old is believed no more.
"""

import contextlib
from datetime import datetime, timedelta
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.host import describe_host
from kerasrun.runs.json_file import read_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.shape import Maybe, check, time

SCHEMA = 1
_SHAPE = {"copied": time, "status": str, "reason?": str, "host?": Maybe(str)}
_FRESH = timedelta(seconds=90)


def copied_record(state: str, reason: str) -> dict[str, Any]:
    """The content of `copied.json` for a run of this status."""
    return {
        "schema": SCHEMA,
        "copied": clock.to_text(clock.now()),
        "status": state,
        "reason": reason,
        "host": describe_host()["name"],
    }


def read_copied(files: RunFiles) -> dict[str, Any] | None:
    """The content of `copied.json`; None where the folder is no copy."""
    with contextlib.suppress(OSError, ValueError):
        content = read_json(files.copied_json)
        if content is not None:
            check(content, _SHAPE)
        return content
    return None


def status_of_copy(
    content: dict[str, Any], active: tuple[str, ...], now: datetime
) -> tuple[str, str]:
    """State and reason of a run by its copy.

    Args:
        content: Of `copied.json`.
        active: The states of a run that may be at work.
        now: The present.
    """
    state, reason = content["status"], content.get("reason") or ""
    if state not in active:
        return state, reason
    age = now - clock.from_text(content["copied"])
    if age <= _FRESH:
        return state, reason or f"on {content.get('host') or 'another host'}"
    minutes = int(age.total_seconds() // 60)
    return "lost", f"{state} when it was copied from {content.get('host')}, {minutes} min ago"
