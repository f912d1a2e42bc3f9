"""`mlrun gc --checkpoints`: what it says and what it leaves alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.bridge.file_lock import FileLock
from kerasrun.cli.main import app
from tests.cli.run_records import write_run

OLD, NEW = "20261121-223015-a3f1", "20261122-010203-77d0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs with three checkpoints each, of 1,000 bytes."""
    for run_id, accuracy in ((OLD, 0.98), (NEW, 0.5)):
        folder = write_run(tmp_path, run_id, metrics={"accuracy": accuracy})
        for step in (1, 2, 3):
            (folder / f"model.ckpt-{step}.index").write_bytes(b"i" * 100)
            (folder / f"model.ckpt-{step}.data-00000-of-00001").write_bytes(b"d" * 900)
        (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-3"\n')
    return tmp_path


def gc(root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["gc", "--checkpoints", *arguments, "--root", str(root)])


def checkpoints(root: Path) -> int:
    return len(list(root.glob("*/model.ckpt-*.index")))


def test_it_says_how_much_was_freed(root: Path) -> None:
    assert gc(root, "--dry-run").stdout == "would free 4.0 kB: 4 checkpoints of 2 runs\n"
    assert checkpoints(root) == 6
    assert gc(root, "-y").stdout == "freed 4.0 kB: 4 checkpoints of 2 runs\n"
    assert checkpoints(root) == 2
    result = gc(root)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing to free\n")


def test_without_a_terminal_it_needs_y(root: Path) -> None:
    result = gc(root)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: 4 checkpoints of 2 runs, 4.0 kB: nobody to ask")
    assert checkpoints(root) == 6


def test_a_condition_chooses_the_runs_and_json_names_what_went(root: Path) -> None:
    result = gc(root, "--keep", "2", "--where", "accuracy > 0.9", "-y", "--json")
    assert json.loads(result.stdout) == {
        "schema": 1,
        "dry_run": False,
        "bytes": 1000,
        "trash": [],
        "checkpoints": [{"run": OLD, "names": ["model.ckpt-1"]}],
    }
    assert checkpoints(root) == 5


def test_runs_at_work_and_unreadable_ones_are_left_alone_and_said(root: Path) -> None:
    (root / NEW / "exit.json").unlink()
    (root / OLD / "run.json").write_text("{")
    with FileLock(root / NEW / "lock"):
        result = gc(root, "-y")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"warning: run {OLD} cannot be read" in result.stderr
    assert f"at work, left alone: {NEW}\n" in result.stderr
    assert checkpoints(root) == 6


def test_a_run_that_cannot_be_written_hinders_no_other(root: Path) -> None:
    (root / OLD / "lock").mkdir()
    result = gc(root, "-y")
    assert result.exit_code == 1
    assert result.stderr == f"error: run {OLD}: Is a directory: {root / OLD / 'lock'}\n"
    assert checkpoints(root) == 4


def test_the_trash_and_checkpoints_at_once(root: Path) -> None:
    CliRunner().invoke(app, ["rm", NEW, "-y", "--root", str(root)])
    result = gc(root, "--trash", "-y")
    assert result.exit_code == 0
    assert result.stdout.endswith(": 1 run in the trash and 2 checkpoints of 1 run\n")


def test_a_root_without_runs_has_nothing_to_free(tmp_path: Path) -> None:
    result = gc(tmp_path / "none", "--trash", "-y")
    assert (result.exit_code, result.stderr) == (0, "nothing to free\n")
