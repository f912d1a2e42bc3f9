"""Sweeps and the runs of their trials, written as `mlrun sweep` would have."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrun.runs.host import describe_host
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Execution, Plan, Trial

SWEEP = "s-20261121-223000-5be2"
MODEL = "def build_model(lr: float = 0.1, units: int = 4): ...\n"


def new_plan(root: Path, trials: Sequence[Trial], **changes: Any) -> Plan:
    """A plan of these trials that seeks the greatest accuracy."""
    given: dict[str, Any] = {
        "created": "2026-11-21T22:30:00.000Z",
        "argv": ["mlrun", "sweep"],
        "cwd": str(root),
        "model": {
            **{"file": str(root / "net.py"), "copy": "source/net.py", "sha256": "7" * 64},
            **{"name": None, "imports": []},
        },
        "git": None,
        "how": "grid",
        "space": {},
        "number": len(trials),
        "repeats": 1,
        "seed": {"value": 7, "origin": "command line"},
        "objective": Objective("accuracy", maximize=True),
        "options": {"max_steps": 20},
        "tags": [],
        "execution": Execution(),
        "trials": list(trials),
    }
    return Plan(**{**given, **changes})


def write_sweep(root: Path, trials: Sequence[Trial], **changes: Any) -> tuple[SweepFiles, Plan]:
    """Writes a sweep, and the model file that it keeps."""
    files, plan = SweepFiles(root / SWEEP), new_plan(root, trials, **changes)
    (files.folder / "source").mkdir(parents=True)
    (files.folder / "source" / "net.py").write_text(MODEL)
    plan.write(files)
    return files, plan


def write_trial(
    root: Path,
    trial: Trial,
    *,
    status: str | None = "completed",
    metrics: Mapping[str, float | None] | None = None,
    begun: bool = True,
    reason: str = "",
    boot_id: str | None = None,
) -> Path:
    """Writes the run of a trial as its worker would have left it; `status` None: no last word."""
    folder = root / str(trial.run)
    folder.mkdir(parents=True)
    host = describe_host()
    attempt = {"attempt": 1, "started": "2026-11-21T22:30:15.000Z", "argv": [], "pid": 1}
    record = {
        "schema": 1,
        "id": trial.run,
        "kind": "train",
        "params": {
            k: {"value": _value(v), "origin": "command line"} for k, v in trial.params.items()
        },
        "parent": {"run": SWEEP, "how": "sweep", "trial": trial.number},
        "attempts": [{**attempt, "host": {**host, "boot_id": boot_id or host["boot_id"]}}]
        if begun
        else [],
    }
    (folder / "run.json").write_text(json.dumps(record))
    if status:
        outcome = {"schema": 1, "status": status, "code": 0, "reason": reason, "attempt": 1}
        (folder / "exit.json").write_text(json.dumps(outcome))
    if metrics:
        summary = {
            tag: {"first": one, "first_step": 20, "last": one, "last_step": 20, "n": 1}
            for tag, one in metrics.items()
        }
        content = {"schema": 1, "step": 20, "max_steps": 20, "metrics": {"eval": summary}}
        (folder / "metrics.json").write_text(json.dumps(content))
    return folder


def trial(number: int, run: str | None = None, **params: Any) -> Trial:
    """A trial with seed 7; `run` is the end of its run's id."""
    run_id = f"20261121-223015-{run}" if run else None
    return Trial(number, {key: str(value) for key, value in params.items()}, 7, run_id)


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
