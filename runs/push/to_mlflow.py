"""A run as MLflow shall have it: params, metrics with all their points, tags, status, artifacts.

A run that is pushed again is found by its tag and brought up to date: only points after the last
that MLflow has are sent.
"""

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.model_dirs import is_model_dir, model_dirs, numbered
from kerasrun.runs.push.mlflow_api import MlflowServer
from kerasrun.runs.run import Run

RUN_TAG = "kerasrun.run_id"
_NOTE = "mlflow.note.content"
_STATUS = {
    "completed": "FINISHED",
    "stopped": "KILLED",
    **dict.fromkeys(("failed", "killed", "crashed", "lost"), "FAILED"),
    **dict.fromkeys(("preparing", "running", "stalled"), "RUNNING"),
}
_NOT_IN_A_NAME = re.compile(r"[^\w\-./ :]")
_LONGEST_NAME = 250
_LONGEST_PARAM = 6000
_LONGEST_TAG = 5000
_LARGEST_ARTIFACT = 10 << 20


def push_to_mlflow(run: Run, server: MlflowServer, experiment_id: str) -> str:
    """Sends a run; returns the id that it has in MLflow.

    Raises:
        ServerError: The server cannot be reached, or says no.
    """
    there = server.run_with_tag(experiment_id, RUN_TAG, run.id)
    if there is None:
        there = server.create_run(
            experiment_id,
            run_name=_name(run),
            start_time=_millis(_started(run)),
            tags=[{"key": RUN_TAG, "value": run.id}],
        )
    mlflow_id = str(there["info"]["run_id"])
    data = there.get("data") or {}
    tags = _tags(run)
    for gone in {entry["key"] for entry in data.get("tags", [])} - tags.keys():
        if gone.startswith("kerasrun.") or gone == _NOTE:
            server.delete_tag(mlflow_id, gone)
    server.log(mlflow_id, tags=tags)
    known = {entry["key"] for entry in data.get("params", [])}
    params = {key: value for key, value in _params(run).items() if key not in known}
    server.log(mlflow_id, params=params)
    last = {entry["key"]: int(entry.get("step", 0)) for entry in data.get("metrics", [])}
    new = [point for point in _points(run) if point["step"] > last.get(point["key"], -1)]
    server.log(mlflow_id, metrics=new)
    _send_artifacts(run, server, str(there["info"].get("artifact_uri", "")))
    server.update_run(mlflow_id, run_name=_name(run), **_status(run))
    return mlflow_id


def _name(run: Run) -> str:
    return run.name or run.id


def _params(run: Run) -> dict[str, str]:
    return {name_for_mlflow(k): str(v)[:_LONGEST_PARAM] for k, v in run.params.items()}


def _tags(run: Run) -> dict[str, str]:
    """Ours under `kerasrun.`, for MLflow's own columns what it calls them.

    The settings are tags, not params: MLflow lets no param change, and `mlrun resume` may change
    where training ends.
    """
    record = run.record
    model, git = record.get("model") or {}, record.get("git") or {}
    settings = {name: entry.get("value") for name, entry in record.get("settings", {}).items()}
    found: dict[str, Any] = {
        RUN_TAG: run.id,
        "kerasrun.status": str(run.status),
        "kerasrun.seed": (record.get("seed") or {}).get("value"),
        "kerasrun.attempts": len(run.attempts),
        **{f"kerasrun.{name}": value for name, value in settings.items()},
        **{f"kerasrun.tag.{tag}": "true" for tag in run.labels.tags},
        "kerasrun.tags": ",".join(run.labels.tags) or None,
        _NOTE: run.labels.note or None,
        "mlflow.source.name": model.get("file"),
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": git.get("commit"),
        "mlflow.source.git.branch": git.get("branch"),
        "mlflow.user": ((record.get("host") or {}).get("user")),
    }
    return {
        name_for_mlflow(key): str(value)[:_LONGEST_TAG]
        for key, value in found.items()
        if value is not None
    }


def _points(run: Run) -> Iterator[dict[str, Any]]:
    """Every point of the event files; where there are none, those that `metrics.json` names."""
    from kerasrun.runs.event_reader import read_points

    found = False
    for group, folder in _groups(run.folder):
        for points in read_points(folder):
            key = name_for_mlflow(f"{group}/{points.tag}")
            found = True
            for step, secs, value in zip(
                points.steps.tolist(),
                points.wall_times.tolist(),
                points.values.tolist(),
                strict=True,
            ):
                yield _point(key, step, secs, value)
    if not found:
        yield from _summary_points(run)


def _groups(folder: Path) -> Iterator[tuple[str, Path]]:
    for number, model_dir in model_dirs(folder).items():
        yield numbered("train", number), model_dir
        with contextlib.suppress(OSError):
            for path in sorted(model_dir.iterdir()):
                if path.is_dir() and path.name != "export" and not is_model_dir(path):
                    yield numbered(path.name, number), path


def _summary_points(run: Run) -> Iterator[dict[str, Any]]:
    updated = run.metrics.get("updated")
    secs = (clock.from_text(updated) if updated else run.started).timestamp()
    for group, tags in run.metrics.get("metrics", {}).items():
        for tag, summary in tags.items():
            key = name_for_mlflow(f"{group}/{tag}")
            named = (("first", "first_step"), ("min", "min_step"))
            for value, step in (*named, ("max", "max_step"), ("last", "last_step")):
                if summary.get(value) is not None and step in summary:
                    yield _point(key, summary[step], secs, float(summary[value]))


def _point(key: str, step: int, secs: float, value: float) -> dict[str, Any]:
    # JSON has no NaN; MLflow reads these words.
    number: float | str = value
    if math.isnan(value):
        number = "NaN"
    elif math.isinf(value):
        number = "Infinity" if value > 0 else "-Infinity"
    return {"key": key, "value": number, "timestamp": int(secs * 1000), "step": int(step)}


def _status(run: Run) -> Mapping[str, Any]:
    fields: dict[str, Any] = {"status": _STATUS[run.status.state]}
    seconds = run.seconds()
    if not run.status.active and seconds is not None and run.attempts:
        began = clock.from_text(run.attempts[-1]["started"])
        fields["end_time"] = _millis(began) + round(seconds * 1000)
    return fields


def _send_artifacts(run: Run, server: MlflowServer, uri: str) -> None:
    """The small files that say what was run, where the server takes them itself."""
    scheme, _, place = uri.partition(":/")
    if scheme != "mlflow-artifacts":
        return
    place = re.sub(r"^/[^/]*/", "", place) if place.startswith("/") else place.lstrip("/")
    for path in _artifacts(run):
        try:
            data = path.read_bytes()
        except OSError:  # removed meanwhile
            continue
        server.put_artifact(f"{place}/{path.relative_to(run.folder)}", data)


def _artifacts(run: Run) -> Iterator[Path]:
    files = RunFiles(run.folder)
    source = sorted(files.source.rglob("*")) if files.source.is_dir() else []
    for path in (files.run_json, files.metrics_json, files.exit_json, files.output_log, *source):
        with contextlib.suppress(OSError):
            if path.is_file() and 0 < path.stat().st_size <= _LARGEST_ARTIFACT:
                yield path


def _started(run: Run) -> datetime:
    return clock.from_text(run.attempts[0]["started"]) if run.attempts else run.started


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def name_for_mlflow(name: str) -> str:
    """The name with `_` for what MLflow does not allow in one; it must be a plain path, too.

    >>> name_for_mlflow("eval/top-5 (%)"), name_for_mlflow("/a//../b")
    ('eval/top-5 ___', 'a/b')
    """
    parts = [part for part in _NOT_IN_A_NAME.sub("_", name).split("/") if part.strip(".")]
    return "/".join(parts)[:_LONGEST_NAME] or "_"
