"""A sweep on Ray: the same plan and the same runs."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ray_runs_the_trials_of_a_sweep(project: Path, mlrun: Command) -> None:
    pytest.importorskip("ray")
    given = ["--model", "net.py", "-p", "units=4", "--max-steps", "20", "--min", "loss"]
    done = mlrun("sweep", *given, "--optuna", "tpe", "--n", "1", "--engine", "ray", "--json")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["state"] == "completed"
    (trial,) = content["trials"]
    record = json.loads((project / "runs" / trial["run"] / "run.json").read_text())
    assert (trial["state"], record["parent"]["run"]) == ("completed", content["sweep"])
    assert trial["value"] is not None
    assert "Traceback" not in done.stderr
