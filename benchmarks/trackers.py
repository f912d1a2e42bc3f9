"""Listing many runs, against Guild AI and MLflow, each in an environment of its own.

`make bench-trackers` makes the environments; a peer that is not there is not measured.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.processes import spent
from benchmarks.verdicts import Verdict

_PROJECT = Path(__file__).parents[1]
_GUILD = _PROJECT / ".venv-guild" / "bin" / "guild"
_MLFLOW = _PROJECT / ".venv-mlflow" / "bin" / "mlflow"
_GOALS = {"Guild AI": 3.0, "MLflow": 10.0}
_PROGRAM = "lr = 0.01\nunits = 8\nlayers = 2\nprint('loss: 0.5')\nprint('accuracy: 0.9')\n"
_LOG_TO_MLFLOW = """
import sys
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
client = MlflowClient("sqlite:///" + sys.argv[1])
for number in range(int(sys.argv[2])):
    run = client.create_run("0", run_name=f"run-{number}")
    params = [Param(name, str(number)) for name in ("lr", "units", "layers")]
    metrics = [Metric(name, 1 / (number + 1), 0, 1) for name in ("loss", "accuracy", "mae")]
    client.log_batch(run.info.run_id, metrics=metrics, params=params)
    client.set_terminated(run.info.run_id)
"""


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints CPU seconds; yields how many times less ours takes."""
    rounds = 2 if quick else 3
    for count in (200,) if quick else (1000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            commands = {"ours": _ours(Path(folder) / "ours", count)}
            if _GUILD.exists():
                commands["Guild AI"] = _guild(Path(folder) / "guild", count)
            if _MLFLOW.exists() and count <= 1000:  # it takes minutes to make more
                commands["MLflow"] = _mlflow(Path(folder) / "mlflow", count)
            yield from _compared(count, commands, rounds)


def _compared(
    count: int, commands: Mapping[str, Callable[[], float]], rounds: int
) -> Iterator[Verdict]:
    found = [{name: command() for name, command in commands.items()} for _ in range(rounds)]
    for name in commands:
        secs = statistics.median(one[name] for one in found)
        print(f"trackers   {count:,} runs listed by {name:10} {secs:8.2f} CPU s")
    for name in commands:
        if name != "ours":
            ratios = [one[name] / one["ours"] for one in found]
            yield Verdict(f"{count:,} runs listed: times less than {name}", ratios, _GOALS[name])


def _ours(root: Path, count: int) -> Callable[[], float]:
    for number in range(count):
        folder = (
            root / f"20260101-{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-{0:04x}"
        )
        folder.mkdir(parents=True)
        _write_run(folder, number)
    command = [sys.executable, "-m", "kerasrun", "runs", "--all", "--root", str(root)]
    return lambda: spent(command).cpu


def _write_run(folder: Path, number: int) -> None:
    value = 1 / (number + 1)
    point = {"first": value, "first_step": 0, "last": value, "last_step": 100, "n": 100}
    params = {name: {"value": number, "origin": "default"} for name in ("lr", "units", "layers")}
    files = {
        "run": {"schema": 1, "name": None, "params": params, "attempts": []},
        "metrics": {
            "schema": 1,
            "step": 100,
            "metrics": {"eval": {"loss": point, "accuracy": point, "mae": point}},
        },
        "exit": {"schema": 1, "status": "completed", "code": 0, "reason": ""},
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def _guild(home: Path, count: int) -> Callable[[], float]:
    """One real run, copied: Guild finds runs by their folders."""
    program = home / "program"
    program.mkdir(parents=True)
    (program / "train.py").write_text(_PROGRAM)
    environment = {**os.environ, "GUILD_HOME": str(home)}
    once = [str(_GUILD), "run", "train.py", "-y"]
    subprocess.run(once, cwd=program, env=environment, check=True, capture_output=True, timeout=120)
    (original,) = (home / "runs").iterdir()
    for _ in range(count - 1):
        shutil.copytree(original, home / "runs" / uuid.uuid4().hex, symlinks=True)
    return lambda: _spent_in([str(_GUILD), "runs", "-a", "--json"], environment)


def _mlflow(home: Path, count: int) -> Callable[[], float]:
    home.mkdir()
    database = home / "mlflow.db"
    python = _MLFLOW.parent / "python"
    making = [str(python), "-c", _LOG_TO_MLFLOW, str(database), str(count)]
    subprocess.run(making, check=True, capture_output=True, timeout=900)
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{database}"}
    return lambda: _spent_in([str(_MLFLOW), "runs", "list", "--experiment-id", "0"], environment)


def _spent_in(command: Sequence[str], environment: Mapping[str, str]) -> float:
    return spent(["env", *[f"{k}={v}" for k, v in environment.items()], *command]).cpu
