"""`mlrun train` that does not wait: `--dry-run`, `--background` and `--needed`."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun import runs
from tests.cli.run_records import write_run

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_a_dry_run_prints_the_record_and_leaves_nothing(
    mlrun: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_DETERMINISTIC_OPS", "1")
    monkeypatch.setenv("KERAS_API_TOKEN", "secret")
    done = mlrun("train", "--model", "net.py", "-p", "units=8", "--seed", "3", "--dry-run")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["params"]["units"]["text"] == "8"
    assert record["seed"] == {"value": 3, "origin": "command line"}
    assert record["environ"]["TF_DETERMINISTIC_OPS"] == "1"
    assert "secret" not in done.stdout
    assert not (project / "runs").exists()


def test_a_dry_run_of_nothing_is_an_error(mlrun: Command, project: Path) -> None:
    done = mlrun("train", "--model", "ner.py", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no model file ner.py. Did you mean 'net.py'?" in done.stderr


@pytest.mark.slow
def test_in_the_background_and_only_once(mlrun: Command, project: Path) -> None:
    order = ["train", "--model", "net.py", "--max-steps", "20", "-p", "units=3"]
    begun = time.monotonic()
    done = mlrun(*order, "--background", "--json")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 5, "it does not wait"
    run_id = json.loads(done.stdout)["run"]["id"]
    deadline = time.monotonic() + 100
    while runs.find_run(run_id, project / "runs").status.active:
        assert time.monotonic() < deadline, "it does not end"
        time.sleep(0.2)
    run = runs.find_run(run_id, project / "runs")
    assert (str(run.status), run.step) == ("completed", 20)

    done = mlrun(*order, "--needed")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"run {run_id} has done this already: nothing to do\n"
    record = json.loads(mlrun(*order, "--dry-run").stdout)
    assert record["model"] == run.record["model"]
    assert runs.list_runs(project / "runs").total == 1


def test_parts_of_a_run_are_shown_for_scripts(mlrun: Command, project: Path) -> None:
    write_run(project / "runs", "20261121-223015-a3f1", name="one", metrics={"loss": 0.5})
    assert mlrun("show", "one", "--field", "loss").stdout == "0.5\n"
    assert mlrun("show", "one", "--field", "status").stdout == "completed\n"
    assert mlrun("show", "one", "--field", "signal").stdout == "\n"
    assert mlrun("show", "one", "--source").stdout == "units = 4\n"
    assert mlrun("show", "one", "--env").stdout == "keras==3.15.1\n"
    assert mlrun("show", "one", "--diff").stdout == ""
    done = mlrun("show", "one", "--field", "lss")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'loss'?" in done.stderr
    assert mlrun("show", "one", "--source", "--env").returncode == 2
