"""The stable shape of `--json`; docs/runs.md describes it."""

import json
import math
from collections.abc import Mapping
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.json_file import to_json
from kerasrun.runs.labels import Labels
from kerasrun.runs.listing import Listing
from kerasrun.runs.run import Run

SCHEMA = 1


def listing_json(listing: Listing, root: str) -> dict[str, Any]:
    """What `mlrun runs --json` prints."""
    return {
        "schema": SCHEMA,
        "root": root,
        "total": listing.total,
        "matched": listing.matched,
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


def labels_json(labels: Mapping[str, Labels]) -> dict[str, Any]:
    """What `mlrun tag --json` and `mlrun note --json` print; `labels` by the id of the run."""
    runs = [
        {"id": run_id, "tags": list(said.tags), "note": said.note}
        for run_id, said in labels.items()
    ]
    return {"schema": SCHEMA, "runs": runs}


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
        "tags": list(run.labels.tags),
        "note": run.labels.note,
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
