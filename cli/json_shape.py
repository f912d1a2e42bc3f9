"""The stable shape of `--json`; docs/runs.md describes it."""

import json
import math
from collections.abc import Mapping
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.json_file import to_json
from kerasrun.runs.listing import Listing
from kerasrun.runs.run import Run

SCHEMA = 1


def listing_json(listing: Listing, root: str) -> dict[str, Any]:
    """What `mlrun runs --json` prints."""
    return {
        "schema": SCHEMA,
        "root": root,
        "total": listing.total,
        "runs": [summary(run) for run in listing.runs],
        "unreadable": [str(error) for error in listing.unreadable],
    }


def run_json(run: Run) -> dict[str, Any]:
    """What `mlrun show RUN --json` and `mlrun train --json` print."""
    return {
        "schema": SCHEMA,
        "run": summary(run),
        "record": run.record,
        "exit": run.outcome,
    }


def summary(run: Run) -> dict[str, Any]:
    """One run in a listing."""
    return {
        "id": run.id,
        "name": run.name,
        "dir": str(run.folder),
        "status": run.status.state,
        "reason": run.status.reason,
        "started": clock.to_text(run.started),
        "seconds": run.seconds(),
        "attempts": len(run.attempts),
        "step": run.step,
        "max_steps": run.max_steps,
        "params": run.params,
        "metrics": run.metrics.get("metrics", {}),
        "checkpoint": run.metrics.get("checkpoint"),
        "loop": run.metrics.get("loop"),
    }


def evaluation_line(result: Mapping[str, Any], run_id: str) -> str:
    """What `mlrun evaluate --json` prints for each evaluation: one line."""
    metrics = {
        tag: value if math.isfinite(value) else None for tag, value in result["metrics"].items()
    }
    return json.dumps(
        {"schema": SCHEMA, "run": run_id, **result, "metrics": metrics}, ensure_ascii=False
    )


def to_text(content: Mapping[str, Any]) -> str:
    """JSON for people and for programs; what is not a finite number is null."""
    return to_json(content).rstrip("\n")
