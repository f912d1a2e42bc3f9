"""`runs.scalars` and `runs.frame`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasrun import runs
from kerasrun.runs.errors import NoSuchRun, UsageError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.scalar_file import ScalarFile

ID = "20261121-223015-a3f1"
COLUMNS = ["run", "group", "tag", "step", "wall_time", "value"]


def add(folder: Path, *points: tuple[int, dict[str, float]]) -> None:
    events = ScalarFile(folder)
    for step, values in points:
        events.add(step, values)
    events.close()


@pytest.fixture
def run(make_run: Callable[..., RunFiles]) -> runs.Run:
    """A run with points of the training, the evaluation and a named evaluation."""
    folder = make_run(ID, name="baseline").folder
    add(folder, (1, {"loss": 1.0, "lr": 0.5}), (2, {"loss": 0.5, "lr": 0.5}))
    add(folder / "eval", (2, {"loss": 0.75}))
    add(folder / "eval_test", (2, {"loss": 0.25}))
    (folder / "source").mkdir()
    return runs.read_run(folder)


def test_scalars_are_tidy(run: runs.Run) -> None:
    table = runs.scalars(run)
    assert list(table.columns) == COLUMNS
    assert table.drop(columns="wall_time").values.tolist() == [
        [ID, "train", "loss", 1, 1.0],
        [ID, "train", "loss", 2, 0.5],
        [ID, "train", "lr", 1, 0.5],
        [ID, "train", "lr", 2, 0.5],
        [ID, "eval", "loss", 2, 0.75],
        [ID, "eval_test", "loss", 2, 0.25],
    ]
    assert table.wall_time.min() > 1.7e9


@pytest.mark.parametrize("asked", ["a3f1", "baseline", "@last", ID])
def test_a_run_may_be_named_as_on_the_command_line(run: runs.Run, asked: str) -> None:
    assert len(runs.scalars(asked, root=run.folder.parent)) == 6


def test_a_folder_will_do(run: runs.Run) -> None:
    assert len(runs.scalars(run.folder)) == 6
    assert len(runs.scalars(str(run.folder / "eval"))) == 1


@pytest.mark.parametrize(("tags", "rows"), [("loss", 4), (["lr"], 2), (["lr", "none"], 2)])
def test_only_some_tags(run: runs.Run, tags: Any, rows: int) -> None:
    assert len(runs.scalars(run, tags=tags)) == rows


def test_a_tag_that_is_not_there_is_said(run: runs.Run) -> None:
    with pytest.raises(ValueError, match=r"no metric 'los'; it has loss, lr. Did you mean 'loss'"):
        runs.scalars(run, tags="los")


def test_a_run_without_points_has_an_empty_table(make_run: Callable[..., RunFiles]) -> None:
    table = runs.scalars(make_run(ID).folder, tags="loss")
    assert (list(table.columns), len(table)) == (COLUMNS, 0)
    assert table.step.dtype == "int64"


def test_no_such_run_or_folder(tmp_path: Path) -> None:
    with pytest.raises(NoSuchRun):
        runs.scalars("baseline", root=tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        runs.scalars(tmp_path / "none")


def test_what_a_killed_attempt_wrote_last_is_replaced(run: runs.Run) -> None:
    add(run.folder, (2, {"loss": 0.125}))
    table = runs.scalars(run, tags="loss")
    assert table[table.group == "train"].value.tolist() == [1.0, 0.125]


@pytest.fixture
def root(make_run: Callable[..., RunFiles]) -> Path:
    """A run that ended, and one that has nothing yet."""
    params = {"lr": {"value": 0.5, "origin": "x"}, "act": {"value": "relu", "origin": "x"}}
    files = make_run(ID, name="baseline", params=params)
    point = {"first": 1.0, "first_step": 1, "last": 0.5, "last_step": 2, "n": 2}
    metrics = {"train": {"loss": {**point, "last": 0.75}, "lr": point}, "eval": {"loss": point}}
    content = {"schema": 1, "step": 2, "max_steps": 4, "metrics": metrics}
    files.metrics_json.write_text(json.dumps(content))
    files.exit_json.write_text(json.dumps({"schema": 1, "status": "completed"}))
    make_run("20261122-000000-77d0")
    return files.folder.parent


def test_frame_has_a_row_for_each_run(root: Path) -> None:
    table = runs.frame(root=root)
    assert table.id.tolist() == ["20261122-000000-77d0", ID]
    row = table.set_index("name").loc["baseline"]
    assert (row.status, row.step, row.max_steps) == ("completed", 2, 4)
    assert str(row.started) == "2026-11-21 22:30:15+00:00"
    assert (row["param:lr"], row["param:act"], row["metric:loss"]) == (0.5, "relu", 0.5)
    assert row["metric:lr"] == 0.5
    assert table["param:lr"].isna().tolist() == [True, False]


def test_frame_takes_a_condition_an_order_and_a_limit(root: Path) -> None:
    assert runs.frame("loss < 0.6", root).id.tolist() == [ID]
    assert runs.frame(root=root, sort=["id"], limit=1).id.tolist() == [ID]
    assert runs.frame(root=root, states=["completed"]).id.tolist() == [ID]
    with pytest.raises(UsageError, match="losss"):
        runs.frame("losss < 1", root)


def test_frame_of_no_runs_has_the_columns(tmp_path: Path) -> None:
    table = runs.frame(root=tmp_path)
    assert len(table) == 0
    assert {"id", "name", "status", "started", "seconds", "step", "tags"} <= set(table.columns)
    assert str(table.started.dtype).startswith("datetime64")


def test_frame_warns_of_a_run_that_cannot_be_read(root: Path) -> None:
    (root / ID / "run.json").write_text("{")
    with pytest.warns(UserWarning, match=f"run {ID} cannot be read"):
        assert len(runs.frame(root=root)) == 1
