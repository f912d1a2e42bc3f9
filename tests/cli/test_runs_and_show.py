import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.bridge.file_lock import FileLock
from kerasrun.cli.main import app

OLD, NEW = "20261121-223015-a3f1", "20261122-010203-77d0"


def point(value: float, step: int) -> dict[str, Any]:
    return {
        "first": value,
        "first_step": step,
        "last": value,
        "last_step": step,
        "min": value,
        "min_step": step,
        "max": value,
        "max_step": step,
        "n": 1,
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs that ended, the older one called baseline."""
    for run_id, name, accuracy in ((OLD, "baseline", 0.961), (NEW, None, 0.912)):
        folder = tmp_path / "runs" / run_id
        folder.mkdir(parents=True)
        files = {
            "run.json": {
                "schema": 1,
                "id": run_id,
                "name": name,
                "model": {"file": "/p/net.py", "name": None, "sha256": "7031baa7" * 8},
                "git": {
                    "commit": "51062775" * 5,
                    "branch": "main",
                    "dirty": True,
                    "diff": "source/diff.patch",
                },
                "params": {"lr": {"value": 0.01, "origin": "command line", "text": "0.01"}},
                "seed": {"value": 7, "origin": "drawn"},
                "attempts": [],
                "later key": True,
            },
            "metrics.json": {
                "schema": 1,
                "step": 2000,
                "max_steps": 2000,
                "metrics": {
                    "eval": {"loss": point(0.1874, 2000), "accuracy": point(accuracy, 2000)}
                },
            },
            "exit.json": {"schema": 1, "status": "completed", "code": 0, "reason": ""},
        }
        for file, content in files.items():
            (folder / file).write_text(json.dumps(content))
    return tmp_path / "runs"


def mlrun(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_runs_lists_the_newest_first(root: Path) -> None:
    lines = mlrun("runs", "--root", str(root)).stdout.splitlines()
    assert lines[0].split() == [
        *["RUN", "NAME", "STATUS", "AGE", "TIME", "STEP", "loss", "accuracy"]
    ]
    assert lines[1].split()[:3] == [NEW, "-", "completed"]
    assert lines[2].split()[:3] == [OLD, "baseline", "completed"]
    assert lines[2].split()[-3:] == ["2,000", "0.1874", "0.961"]


def test_runs_shows_so_many_and_says_how_many_there_are(root: Path) -> None:
    result = mlrun("runs", "-n", "1", "--root", str(root))
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == "1 of 2 runs (--all shows every one)\n"
    assert len(mlrun("runs", "-n", "1", "--all", "--root", str(root)).stdout.splitlines()) == 3


def test_runs_has_a_stable_json_shape(root: Path) -> None:
    content = json.loads(mlrun("runs", "--json", "--root", str(root)).stdout)
    assert (content["schema"], content["total"], content["unreadable"]) == (1, 2, [])
    assert set(content["runs"][0]) == {
        *["id", "name", "dir", "status", "reason", "started", "seconds", "attempts", "step"],
        *["max_steps", "params", "metrics", "checkpoint", "loop", "tags", "note"],
    }
    assert content["runs"][1]["params"] == {"lr": 0.01}
    assert content["runs"][1]["started"] == "2026-11-21T22:30:15.000Z"


def test_an_unreadable_run_is_one_line_and_hides_no_other(root: Path) -> None:
    (root / NEW / "run.json").write_text("{")
    result = mlrun("runs", "--root", str(root))
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr.startswith(f"warning: run {NEW} cannot be read: run.json: ")
    assert len(result.stderr.splitlines()) == 1


def test_no_runs_is_said_and_is_no_error(tmp_path: Path) -> None:
    result = mlrun("runs", "--root", str(tmp_path / "none"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"no runs under {tmp_path / 'none'}\n"


def test_show_tells_what_was_run(root: Path) -> None:
    text = mlrun("show", "baseline", "--root", str(root)).stdout
    for line in (
        f"run        {OLD}  (baseline)",
        "status     completed, exit 0",
        "git        51062775 main  (uncommitted changes: source/diff.patch)",
        "params     lr 0.01 (command line)",
        "seed       7 (drawn)",
        "eval       accuracy 0.961 at step 2,000",
    ):
        assert line in text.splitlines()


def test_show_as_json_has_the_whole_record(root: Path) -> None:
    content = json.loads(mlrun("show", "a3f1", "--json", "--root", str(root)).stdout)
    assert set(content) == {"schema", "run", "record", "exit"}
    assert content["run"]["id"] == OLD
    assert content["record"]["later key"] is True


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("basline", "error: no run 'basline' under {root}; did you mean 'baseline'?\n"),
        ("2026112", f"error: '2026112' is 2 runs: {NEW}, {OLD}. Give more of the id.\n"),
    ],
)
@pytest.mark.parametrize("command", ["show", "resume", "tensorboard"])
def test_a_run_that_is_not_found_is_exit_code_3(
    root: Path, command: str, asked: str, message: str
) -> None:
    result = mlrun(command, asked, "--root", str(root))
    assert result.exit_code == 3
    assert (result.stdout, result.stderr) == ("", message.format(root=root))


def test_resume_refuses_a_run_at_work_with_exit_code_4(root: Path) -> None:
    (root / OLD / "exit.json").write_text("\n")
    lock = FileLock(root / OLD / "lock")
    result = mlrun("resume", OLD, "--root", str(root))
    lock.release()
    assert result.exit_code == 4
    holder = f"process {os.getpid()} on host {socket.gethostname()}"
    assert result.stderr == f"error: run {OLD} is running: {holder} has its lock\n"


def test_resume_says_when_nothing_is_left_to_train(root: Path) -> None:
    state = 'model_checkpoint_path: "model.ckpt-2000"\nall_model_checkpoint_paths: "x"\n'
    (root / OLD / "checkpoint").write_text(state)
    result = mlrun("resume", OLD, "--root", str(root))
    assert result.exit_code == 0
    assert result.stdout == "checkpoint 2,000 >= max_steps 2,000: nothing to train\n"
    as_json = mlrun("resume", OLD, "--root", str(root), "--json")
    assert json.loads(as_json.stdout)["schema"] == 1
    assert as_json.stderr == result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nte.py"], "error: no model file nte.py."),
        (["--model", "net.py", "-p", "units"], "error: -p units: expected NAME=VALUE"),
        (["--model", "net.py", "--label", "y"], "error: --label needs --train-data or --eval-data"),
        (
            ["--model", "net.py", "--train-data", "a.csv"],
            "error: --train-data and --eval-data need",
        ),
        (["--model", "net.py", "--name", "@last"], "error: --name '@last': expected a word that"),
        (
            ["--model", "m.py", "--train-data", "a", "--label", "y", "--features", "k=a,,b"],
            "error: --features k=a,,b: expected KEY=COLUMN,COLUMN",
        ),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = mlrun("train", *arguments, "--root", str(tmp_path / "runs"))
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_reader_that_goes_away_is_met_with_silence(root: Path) -> None:
    # A pipe whose reading end is closed, as after `| head -0`.
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "kerasrun.cli.main", "runs", "--json", "--root", str(root)],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert process.stderr == b""
