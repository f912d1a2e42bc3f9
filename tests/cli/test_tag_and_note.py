"""`mlrun tag` and `mlrun note`: words about a run, and nothing else of it changes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from kerasrun.runs.launch import TrainOrder, prepare
from kerasrun.runs.run import read_run
from tests.cli.run_records import write_run

OLD, NEW = "20261121-223015-a3f1", "20261122-010203-77d0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_run(tmp_path, OLD, name="base", metrics={"accuracy": 0.98}, tags=["baseline"])
    write_run(tmp_path, NEW, metrics={"accuracy": 0.91})
    return tmp_path


def mlrun(root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def labels_of(root: Path, run: str) -> Any:
    return json.loads(mlrun(root, "tag", run, "--json").stdout)["runs"][0]


def test_tags_are_added_and_taken_away(root: Path) -> None:
    result = mlrun(root, "tag", "base", "77d0", "+best", "-baseline", "+v1.2/a-b_c")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{OLD}  best v1.2/a-b_c\n{NEW}  best v1.2/a-b_c\n"
    assert labels_of(root, OLD) == {"id": OLD, "tags": ["best", "v1.2/a-b_c"], "note": ""}


def test_without_a_change_they_are_printed(root: Path) -> None:
    assert mlrun(root, "tag", "base", "77d0").stdout == f"{OLD}  baseline\n{NEW}\n"


def test_runs_are_tagged_by_a_condition(root: Path) -> None:
    assert mlrun(root, "tag", "--where", "accuracy > 0.97", "+keep").stdout == (
        f"{OLD}  baseline keep\n"
    )
    result = mlrun(root, "tag", "--where=accuracy > 0.99", "+keep")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no run fulfils --where 'accuracy > 0.99'\n"


def test_tagging_twice_changes_nothing_and_a_tag_that_is_not_there_is_said(root: Path) -> None:
    for _ in range(2):
        assert mlrun(root, "tag", OLD, "+baseline").stdout == f"{OLD}  baseline\n"
    result = mlrun(root, "tag", OLD, "-basline")
    assert (result.exit_code, result.stdout) == (0, f"{OLD}  baseline\n")
    assert result.stderr == "note: none of them had the tag 'basline'\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([OLD, "--jsno", "+x"], 2, "there is no option --jsno. Did you mean '--json'?"),
        ([OLD, "--wher=lr > 1", "+x"], 2, "there is no option --wher. Did you mean '--where'?"),
        (["+x"], 2, "which runs? Name them, or give --where: mlrun tag RUN +TAG"),
        ([OLD, "+x", "-x"], 2, "tag 'x' is both added and taken away"),
        ([OLD, "+"], 2, "'+' has no tag after it: expected +TAG"),
        ([OLD, "+a b"], 2, "tag 'a b': expected a word of letters, digits,"),
        ([OLD, "bse", "+x"], 3, "no run 'bse' under "),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(
    root: Path, arguments: list[str], code: int, message: str
) -> None:
    result = mlrun(root, "tag", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {message}")
    assert len(result.stderr.splitlines()) == 1
    assert labels_of(root, OLD)["tags"] == ["baseline"]


def test_a_note_is_written_printed_and_removed(root: Path) -> None:
    result = mlrun(root, "note", "base", "first with dropout: ä 你")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert mlrun(root, "note", "base").stdout == "first with dropout: ä 你\n"
    shown = json.loads(mlrun(root, "note", "base", "--json").stdout)
    note = {"id": OLD, "tags": ["baseline"], "note": "first with dropout: ä 你"}
    assert shown == {"schema": 1, "runs": [note]}
    assert mlrun(root, "note", "base", "--clear").exit_code == 0
    result = mlrun(root, "note", "base")
    assert (result.stdout, result.stderr) == ("", f"run {OLD} has no note\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--clear"], "--clear takes no text: it removes the note"),
        ([" "], "the note is empty: --clear removes the one that is there"),
        (["\udcff"], r"note '\udcff': expected text in UTF-8"),
    ],
)
def test_a_wrong_note_is_refused(root: Path, arguments: list[str], message: str) -> None:
    result = mlrun(root, "note", OLD, *arguments)
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")


def test_damaged_labels_are_replaced_and_a_folder_that_cannot_be_written_is_said(
    root: Path,
) -> None:
    (root / OLD / "labels.json").write_text("{")
    assert mlrun(root, "tag", OLD, "+x").stdout == f"{OLD}  x\n"
    (root / OLD / "labels.lock").unlink()
    (root / OLD / "labels.lock").mkdir()
    result = mlrun(root, "tag", OLD, "+y")
    assert result.exit_code == 2
    assert result.stderr == f"error: run {OLD} cannot be labelled: Is a directory\n"


def test_a_run_is_labelled_when_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("model = None\n")
    order = TrainOrder("net.py", ["mlrun"], tmp_path, tags=["b", "a", "b"], note="first")
    files, _ = prepare(order, tmp_path / "runs")
    assert read_run(files.folder).labels == (("b", "a"), "first")


@pytest.mark.parametrize("option", [["--tag", "good", "--tag", "a b"], ["--note", "\udcff"]])
def test_a_wrong_label_makes_no_run(tmp_path: Path, option: list[str]) -> None:
    (tmp_path / "net.py").write_text("model = None\n")
    root = tmp_path / "runs"
    result = mlrun(root, "train", "--model", str(tmp_path / "net.py"), *option)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert not root.exists()
