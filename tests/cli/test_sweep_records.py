"""What commands say of sweeps, without a trial being run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kerasrun.cli.main import app
from kerasrun.runs.lock import FileLock
from tests.runs.sweep.sweep_records import SWEEP, trial, write_sweep, write_trial


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sweep of four: completed, failed, pruned and not begun."""
    trials = [
        *[trial(1, "0001", lr=0.1), trial(2, "0002", lr=0.2), trial(3, "0003", lr=0.3)],
        trial(4, lr=0.4),
    ]
    trials[2].mark = {"how": "pruned", "why": "worse than the median"}
    write_trial(tmp_path, trials[0], metrics={"accuracy": 0.5, "loss": 1.5})
    write_trial(tmp_path, trials[1], status="failed", reason="NaN loss at step 3")
    write_trial(tmp_path, trials[2], status="stopped", metrics={"accuracy": 0.9})
    write_sweep(tmp_path, trials)
    return tmp_path


def mlrun(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def test_show_prints_the_trials_the_best_first_and_the_failures(root: Path) -> None:
    shown = mlrun(root, "show", "5be2").stdout
    assert "sweep   s-20261121-223000-5be2   4 trials   max accuracy   one at a time" in shown
    assert "2/4 done   1 pruned   1 failed   best 0001  accuracy 0.5  (lr 0.1)" in shown
    rows = [line.split()[:3] for line in shown.splitlines() if line.startswith("    ")]
    assert rows == [["1", "0001", "completed"], ["3", "0003", "pruned"], ["2", "0002", "failed"]]
    assert "failed  0002  lr 0.2   NaN loss at step 3   -> mlrun logs 0002" in shown
    assert shown.endswith(f"to go on: mlrun sweep --resume 5be2 --root {root}\n")


def test_show_as_json(root: Path) -> None:
    content = json.loads(mlrun(root, "show", SWEEP, "--json").stdout)
    assert (content["sweep"], content["state"], content["number"]) == (SWEEP, "ended", 4)
    assert content["objective"] == {"metric": "accuracy", "direction": "max", "best": False}
    assert content["best"] == "20261121-223015-0001"
    assert [(one["number"], one["state"], one["value"]) for one in content["trials"]] == [
        *[(1, "completed", 0.5), (3, "pruned", 0.9), (2, "failed", None), (4, "waiting", None)],
    ]
    with FileLock(root / SWEEP / "lock"):
        assert json.loads(mlrun(root, "show", SWEEP, "--json").stdout)["state"] == "running"
    wrong = mlrun(root, "show", SWEEP, "--field", "lr")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        f"error: {SWEEP} is a sweep: --field, --source, --diff and --env are of a run\n",
    )


def test_runs_lists_the_trials_of_a_sweep(root: Path) -> None:
    write_trial(root, trial(1, "0009"))
    (root / "20261121-223015-0009" / "run.json").write_text('{"schema": 1, "attempts": []}')
    listed = mlrun(root, "runs", "--sweep", "5be2", "--json").stdout
    assert [run["id"][-4:] for run in json.loads(listed)["runs"]] == ["0003", "0002", "0001"]
    listed = mlrun(root, "runs", "--sweep", "5be2", "--where", "lr > 0.15", "--json").stdout
    assert len(json.loads(listed)["runs"]) == 2
    assert mlrun(root, "runs", "--sweep", "none").exit_code == 3


def test_rm_takes_the_trials_and_gc_the_sweep(root: Path) -> None:
    removed = mlrun(root, "rm", "5be2", "-y")
    assert "moved 3 runs" in removed.stdout
    assert "4 trials" in mlrun(root, "show", SWEEP).stdout
    again = mlrun(root, "rm", SWEEP, "-y")
    assert (again.exit_code, again.stderr) == (0, "no trial of it is left\n")
    assert mlrun(root, "gc", "--trash", "-y").exit_code == 0
    assert not (root / SWEEP).exists()


def test_a_sweep_at_work_is_not_begun_twice_and_one_at_rest_not_stopped(root: Path) -> None:
    resting = mlrun(root, "stop", SWEEP)
    assert (resting.exit_code, resting.stderr) == (4, f"error: sweep {SWEEP} is not at work\n")
    no_run = mlrun(root, "resume", "5be2")
    assert no_run.exit_code == 3
    assert no_run.stderr.startswith(f"error: {SWEEP} is a sweep, expected one run: mlrun show 5be2")
    with FileLock(root / SWEEP / "lock"):
        refused = mlrun(root, "sweep", "--resume", "5be2")
    assert refused.exit_code == 4
    assert refused.stderr.startswith(f"error: sweep {SWEEP} is at work: process ")


def test_a_lock_that_cannot_be_written_is_one_error(root: Path) -> None:
    (root / SWEEP / "lock").mkdir()
    refused = mlrun(root, "sweep", "--resume", "5be2")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"error: sweep {SWEEP} cannot be written: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "what shall be trained? Give --model FILE, or --resume SWEEP"),
        (["--model", "none.py", "-p", "lr=1"], "no model file none.py."),
        (["--resume", "5be2", "-p", "lr=1"], "-p and --resume are given together"),
        (["--resume", "5be2", "--max-steps", "9"], "--max-steps and --resume are given together"),
        (["--resume", "5be2", "--max", "acuracy"], "Did you mean 'accuracy'?"),
        (["--resume", "5be2", "--n", "9"], f"--n: sweep {SWEEP} is no sweep of Optuna's (grid)"),
        (["--model", "x.py", "--retry-failed"], "--retry-failed is about a sweep that was begun"),
        (["--model", "x.py", "--engine", "rey"], "--engine rey: expected one of local, ray."),
        (["--model", "x.py", "--prune", "medium"], "--prune medium: expected one of median"),
        (["--model", "x.py", "--label", "y"], "--label needs --train-data or --eval-data"),
        (["--model", "x.py", "--devices", "0,0"], "--devices '0,0': expected the numbers of GPUs"),
    ],
)
def test_what_makes_no_sense_is_refused(root: Path, arguments: list[str], message: str) -> None:
    before = sorted(path.name for path in root.iterdir())
    result = mlrun(root, "sweep", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert sorted(path.name for path in root.iterdir()) == before


def test_a_dry_run_prints_the_trials_and_writes_nothing(root: Path) -> None:
    (root / "net.py").touch()
    given = ["--model", str(root / "net.py"), "-p", "lr=0.1,0.2", "-p", "units=8"]
    arguments = ["sweep", *given, "--repeats", "2", "--seed", "5", "--dry-run"]
    result = mlrun(root / "elsewhere", *arguments)
    assert result.stdout.splitlines() == [
        "TRIAL   lr  seed",
        "    1  0.1     5",
        "    2  0.2     5",
        "    3  0.1     6",
        "    4  0.2     6",
    ]
    trials = json.loads(mlrun(root / "elsewhere", *arguments, "--json").stdout)["trials"]
    assert trials[3] == {"number": 4, "params": {"lr": "0.2", "units": "8"}, "seed": 6}
    assert not (root / "elsewhere").exists()
