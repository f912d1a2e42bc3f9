"""Records of runs, written as `mlrun train` would have."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def point(value: float, step: int) -> dict[str, Any]:
    """The summary of a metric that was reported once."""
    one = {"first": value, "last": value, "min": value, "max": value}
    return {**one, **{f"{key}_step": step for key in one}, "n": 1}


def write_run(
    root: Path,
    run_id: str,
    *,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    metrics: Mapping[str, float] | None = None,
    status: str | None = "completed",
    seed: int = 7,
    source: Mapping[str, str] | None = None,
    packages: Sequence[str] = ("keras==3.15.1",),
    tags: Sequence[str] = (),
) -> Path:
    """Writes a run of 2,000 steps; returns its folder."""
    folder = root / run_id
    (folder / "source").mkdir(parents=True)
    entries = []
    for file, text in (source or {"net.py": "units = 4\n"}).items():
        (folder / "source" / file).write_text(text)
        entries.append({"file": f"/p/{file}", "copy": f"source/{file}", "sha256": "7031baa7" * 8})
    (folder / "source" / "packages.txt").write_text("".join(f"{line}\n" for line in packages))
    given = {
        key: {"value": value, "origin": "command line"} for key, value in (params or {}).items()
    }
    record = {
        "schema": 1,
        "id": run_id,
        "name": name,
        "model": {**entries[0], "name": None, "imports": entries[1:]},
        "params": given,
        "seed": {"value": seed, "origin": "drawn"},
        "attempts": [],
    }
    summary = {tag: point(value, 2000) for tag, value in (metrics or {}).items()}
    files = {
        "run.json": record,
        "metrics.json": {
            "schema": 1,
            "step": 2000,
            "max_steps": 2000,
            "metrics": {"eval": summary},
        },
        "labels.json": {"schema": 1, "tags": list(tags), "note": ""},
    }
    if status:
        files["exit.json"] = {"schema": 1, "status": status, "code": 0, "reason": ""}
    for file, content in files.items():
        (folder / file).write_text(json.dumps(content))
    return folder
