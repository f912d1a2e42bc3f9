"""Whether a training has been done already."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrun.runs.listing import list_runs
from kerasrun.runs.run import Run
from kerasrun.runs.settings import was_given

_NO_MATTER = ("max_restarts", "worker_timeout_secs")  # to what a run comes to


def done_already(record: Mapping[str, Any], root: Path) -> Run | None:
    """The newest completed run under `root` of the same code, params, settings and seed.

    A seed that was drawn is any seed.

    Args:
        record: What `run.json` of the new run would be.
        root: Where the runs live.
    """
    wanted = _identity(record)
    for run in list_runs(root, states=["completed"]).runs:
        if "seed" in run.record and _identity(run.record) == wanted and _seed_fits(record, run):
            return run
    return None


def _seed_fits(record: Mapping[str, Any], run: Run) -> bool:
    drawn = record["seed"]["origin"] == "drawn"
    return drawn or bool(record["seed"]["value"] == run.record["seed"]["value"])


def _identity(record: Mapping[str, Any]) -> Any:
    model = record.get("model") or {}
    params = record.get("params", {})
    settings = record.get("settings", {})
    return (
        model.get("sha256"),
        model.get("name"),
        sorted(one["sha256"] for one in model.get("imports", [])),
        {name: entry["text"] for name, entry in params.items() if "text" in entry},
        {
            name: one["value"]
            for name, one in settings.items()
            if was_given(one["origin"]) and name not in _NO_MATTER
        },
    )
