"""`mlrun rm`, `mlrun restore` and `mlrun gc --trash`: nothing is lost before it is meant."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.bridge.file_lock import FileLock
from kerasrun.cli.main import app
from tests.cli.conftest import mlrun_command
from tests.cli.run_records import write_run

OLD, NEW = "20261121-223015-a3f1", "20261122-010203-77d0"
WORKER = """
import sys, time
from pathlib import Path
from kerasrun.runs.worker import work

def job(task):
    print("at work", flush=True)
    time.sleep(60)

sys.exit(work(Path(sys.argv[1]), job))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_run(tmp_path / "runs", OLD, name="base", metrics={"accuracy": 0.98})
    write_run(tmp_path / "runs", NEW, status="failed")
    return tmp_path / "runs"


def mlrun(root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def ids(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {".trash"}


def content(root: Path, run_id: str) -> dict[str, bytes]:
    folder = root / run_id
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_a_removed_run_is_restored_as_it_was(root: Path) -> None:
    before = content(root, OLD)
    result = mlrun(root, "rm", "base", "-y")
    assert result.exit_code == 0
    assert result.stdout.startswith("moved 1 run, ")
    assert result.stdout.endswith(f". Undo: mlrun restore {OLD} --root {root}\n")
    assert ids(root) == {NEW}
    assert mlrun(root, "show", OLD).exit_code == 3
    assert mlrun(root, "restore", "base").stdout == f"restored {OLD}\n"
    assert content(root, OLD) == before


def test_runs_are_removed_by_a_condition_and_all_restored(root: Path) -> None:
    assert mlrun(root, "rm", "--where", "status in [failed, killed]", "-y").exit_code == 0
    assert ids(root) == {OLD}
    assert mlrun(root, "rm", "@last", "a3f1", "--yes").exit_code == 0
    assert ids(root) == set()
    assert mlrun(root, "restore", "--all").stdout == f"restored {NEW}\nrestored {OLD}\n"
    result = mlrun(root, "rm", "--where", "accuracy > 0.99", "-y")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no run fulfils --where 'accuracy > 0.99'\n"


def test_json_tells_what_lies_where(root: Path) -> None:
    moved = json.loads(mlrun(root, "rm", OLD, "-y", "--json").stdout)
    assert moved["schema"] == 1
    (entry,) = moved["moved"]
    assert entry["id"] == OLD
    assert entry["bytes"] > 0
    assert Path(entry["dir"]).is_dir()
    restored = json.loads(mlrun(root, "restore", OLD, "--json").stdout)
    assert restored == {"schema": 1, "restored": [{"id": OLD, "dir": str(root / OLD)}]}


def test_without_a_terminal_and_without_y_nothing_is_done(root: Path) -> None:
    result = mlrun(root, "rm", OLD, NEW)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: 2 runs, ")
    assert result.stderr.endswith("stdin is no terminal. Nothing was done; -y does it\n")
    assert ids(root) == {OLD, NEW}


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_a_terminal_is_asked(root: Path, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    done = subprocess.run(
        mlrun_command("rm", OLD, NEW, "--root", str(root)),
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=20,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == code
    assert done.stderr.startswith("2 runs, ")
    assert " old. Move to trash? [y/N] " in done.stderr
    assert ids(root) == (set() if code == 0 else {OLD, NEW})


def test_a_run_at_work_is_refused_and_no_other_is_moved(root: Path) -> None:
    (root / NEW / "exit.json").unlink()
    with FileLock(root / NEW / "lock"):
        result = mlrun(root, "rm", OLD, NEW, "-y")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == (
        f"error: {NEW}: at work, nothing was removed. First `mlrun stop 77d0`, or add --stop\n"
    )
    assert ids(root) == {OLD, NEW}


def test_it_is_stopped_first_if_that_is_asked_for(root: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(root / NEW)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "at work\n"
    result = mlrun(root, "rm", NEW, "--stop", "-y")
    worker.communicate(timeout=10)
    assert result.exit_code == 0
    assert result.stderr.endswith(f"run {NEW} stopped (SIGTERM)\n")
    assert ids(root) == {OLD}


def test_stop_ends_a_run_and_tells_its_status(root: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(root / NEW)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "at work\n"
    result = mlrun(root, "stop", "@running", "--json")
    worker.communicate(timeout=10)
    assert result.exit_code == 0
    assert worker.returncode == 128 + signal.SIGTERM
    assert json.loads(result.stdout)["run"]["status"] == "stopped"
    again = mlrun(root, "stop", NEW)
    assert again.exit_code == 4
    assert again.stderr == f"error: run {NEW} is not at work: it is stopped (SIGTERM)\n"


def test_a_run_that_cannot_be_read_can_be_removed_and_restored(root: Path) -> None:
    (root / NEW / "run.json").write_text("{")
    assert mlrun(root, "rm", "77d0", "-y").exit_code == 0
    assert mlrun(root, "restore", "77d0").exit_code == 0
    assert ids(root) == {OLD, NEW}
    with FileLock(root / NEW / "lock"):
        assert mlrun(root, "rm", "77d0", "-y").exit_code == 4


def test_two_of_one_id_are_both_kept(root: Path) -> None:
    assert mlrun(root, "rm", OLD, "-y").exit_code == 0
    write_run(root, OLD, name="copy")
    result = mlrun(root, "restore", OLD)
    assert result.exit_code == 4
    assert f"{root / OLD} exists" in result.stderr
    assert mlrun(root, "rm", OLD, "-y").exit_code == 0
    assert mlrun(root, "restore", OLD).exit_code == 0
    assert '"copy"' in mlrun(root, "show", OLD, "--json").stdout
    assert mlrun(root, "rm", "copy", "-y").exit_code == 0
    freed = json.loads(mlrun(root, "gc", "--trash", "-y", "--json").stdout)
    assert freed["trash"] == [OLD, OLD]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["rm"], 2, "which runs? Name them, or give --where"),
        (["rm", "bse", "-y"], 3, "no run 'bse' under {root}; did you mean 'base'?"),
        (["restore"], 2, "which runs? Name those in the trash, or give --all, not both"),
        (["restore", "x", "--all"], 2, "which runs? Name those in the trash, or give --all,"),
        (["restore", "a3f1"], 3, "no run 'a3f1' in the trash {root}/.trash; it is empty."),
        (["gc"], 2, "what shall be freed? Give --trash, --checkpoints or both"),
        (["gc", "--trash", "--keep", "2"], 2, "--keep is about checkpoints: it needs --check"),
        (["gc", "--trash", "--where", "lr > 1"], 2, "--where is about checkpoints: it needs"),
    ],
)
def test_a_mistake_is_one_line(root: Path, arguments: list[str], code: int, message: str) -> None:
    result = mlrun(root, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("error: " + message.format(root=root))
    assert len(result.stderr.splitlines()) == 1
    assert ids(root) == {OLD, NEW}


def test_the_trash_is_emptied_only_when_that_is_said(root: Path) -> None:
    mlrun(root, "rm", OLD, "-y")
    assert mlrun(root, "gc", "--trash", "--dry-run").stdout.startswith("would free ")
    assert mlrun(root, "gc", "--trash").exit_code == 2
    assert (root / ".trash" / OLD).is_dir()
    result = mlrun(root, "gc", "--trash", "-y")
    assert result.stdout.startswith("freed ")
    assert result.stdout.endswith(": 1 run in the trash\n")
    assert mlrun(root, "restore", OLD).exit_code == 3
    assert ids(root) == {NEW}
    result = mlrun(root, "restore", "--all")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "the trash is empty\n")
    result = mlrun(root, "gc", "--trash", "-y")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing to free\n")


def test_a_folder_that_cannot_be_moved_is_said_and_the_others_can_be_undone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename: Callable[..., Any] = Path.rename

    def full(path: Path, target: Path) -> Any:
        if path.name == NEW:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    result = mlrun(root, "rm", OLD, NEW, "-y")
    assert result.exit_code == 1
    assert f"Undo: mlrun restore {OLD} " in result.stdout
    assert result.stderr == (
        f"error: run {NEW} cannot be moved to {root}/.trash: Permission denied\n"
    )
    assert ids(root) == {NEW}
    assert not (root / ".trash" / NEW).exists()
