import json
import math
from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.metrics import MetricsFile, add_point


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    return RunFiles(tmp_path)


def written(files: RunFiles) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files.metrics_json.read_text())
    return content


def test_training_is_written_at_most_every_ten_seconds(files: RunFiles) -> None:
    clock = Clock()
    metrics = MetricsFile(files, monotonic=clock)
    for second in range(12):
        clock.now = second
        metrics.progress(second * 10, 1000, {"loss": 1.0}, 10.0)
        expected = 100 if second >= 10 else 0
        assert written(files)["step"] == expected


def test_an_evaluation_is_written_at_once(files: RunFiles) -> None:
    metrics = MetricsFile(files, monotonic=Clock())
    metrics.evaluated(None, 100, {"accuracy": 0.9})
    metrics.evaluated("holdout", 100, {"accuracy": 0.8})
    groups = written(files)["metrics"]
    assert groups["eval"]["accuracy"]["last"] == 0.9
    assert groups["eval_holdout"]["accuracy"]["last"] == 0.8


def test_the_summary_tells_first_last_least_and_greatest() -> None:
    summary = None
    for step, value in [(100, 0.5), (200, 0.9), (300, 0.7)]:
        summary = add_point(summary, step, value)
    assert summary == {
        "first": 0.5,
        "first_step": 100,
        "last": 0.7,
        "last_step": 300,
        "min": 0.5,
        "min_step": 100,
        "max": 0.9,
        "max_step": 200,
        "n": 3,
    }


def test_nan_is_neither_least_nor_greatest(files: RunFiles) -> None:
    metrics = MetricsFile(files)
    metrics.evaluated(None, 100, {"loss": math.nan})
    metrics.evaluated(None, 200, {"loss": 0.5})
    metrics.evaluated(None, 300, {"loss": math.nan})
    loss = written(files)["metrics"]["eval"]["loss"]
    assert (loss["first"], loss["min"], loss["max"], loss["last"]) == (None, 0.5, 0.5, None)
    assert loss["n"] == 3


def test_a_resumed_run_goes_on_with_its_summary(files: RunFiles) -> None:
    MetricsFile(files).evaluated(None, 100, {"loss": 0.5})
    MetricsFile(files).evaluated(None, 200, {"loss": 0.25})
    loss = written(files)["metrics"]["eval"]["loss"]
    assert (loss["first_step"], loss["last_step"], loss["n"]) == (100, 200, 2)


def test_the_pauses_between_steps_are_noted(files: RunFiles) -> None:
    clock = Clock()
    metrics = MetricsFile(files, monotonic=clock)
    for second in (0, 1, 2, 10):
        clock.now = second
        metrics.progress(second, None, {}, None)
    metrics.write()
    assert written(files)["gap_secs"] == {"median": 1.0, "longest": 8.0}


def test_a_checkpoint_moves_the_step_on(files: RunFiles) -> None:
    metrics = MetricsFile(files)
    metrics.progress(90, 1000, {}, None)
    metrics.checkpoint_saved("/runs/a/model.ckpt-100", 100)
    metrics.write()
    assert written(files)["step"] == 100
    assert written(files)["checkpoint"] == {"path": "/runs/a/model.ckpt-100", "step": 100}


def test_an_evaluation_tells_of_a_checkpoint_that_a_killed_process_could_not(
    files: RunFiles,
) -> None:
    MetricsFile(files).checkpoint_saved("model.ckpt-200", 200)
    metrics = MetricsFile(files)
    metrics.evaluated(None, 300, {"loss": 0.5}, "model.ckpt-300")
    metrics.evaluated("earlier", 200, {"loss": 0.6}, "model.ckpt-200")
    found = written(files)
    assert (found["step"], found["checkpoint"]["step"]) == (300, 300)


def test_a_disk_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    gone = RunFiles(tmp_path / "gone")
    MetricsFile(gone).evaluated(None, 100, {"loss": 0.5})
    assert not gone.metrics_json.exists()


def test_a_damaged_summary_is_begun_anew(files: RunFiles) -> None:
    files.metrics_json.write_text("{")
    MetricsFile(files).evaluated(None, 100, {"loss": 0.5})
    assert written(files)["metrics"]["eval"]["loss"]["n"] == 1


STEPS = (100, 200, 300, 400, 500)


def evaluate(files: RunFiles, begin: int, end: int) -> None:
    """What an attempt reports that goes on from checkpoint `begin`; that one is evaluated too."""
    metrics = MetricsFile(files)
    metrics.resumed_at(begin)
    for step in STEPS:
        if begin <= step <= end and step > 0:
            metrics.evaluated(None, step, {"loss": abs(step - 350) / 100})
        if begin < step <= end and step >= 300:
            metrics.evaluated("late", step, {"loss": step / 100})


@pytest.mark.parametrize(
    "attempts",
    [
        [(0, 100), (0, 500)],
        [(0, 300), (200, 500)],
        [(0, 400), (200, 300), (200, 500)],
        [(0, 400), (100, 200), (0, 400), (400, 500)],
    ],
)
def test_a_run_that_was_killed_ends_with_the_summaries_of_an_unbroken_one(
    tmp_path: Path, attempts: list[tuple[int, int]]
) -> None:
    unbroken, broken = RunFiles(tmp_path / "unbroken"), RunFiles(tmp_path / "broken")
    for files in (unbroken, broken):
        files.folder.mkdir()
    evaluate(unbroken, 0, 500)
    for begin, end in attempts:
        evaluate(broken, begin, end)
    assert written(broken)["metrics"] == written(unbroken)["metrics"]


def test_the_last_value_is_that_of_the_newest_attempt(files: RunFiles) -> None:
    evaluate(files, 0, 500)
    again = MetricsFile(files)
    again.resumed_at(200)
    again.evaluated(None, 300, {"loss": 0.125})
    loss = written(files)["metrics"]["eval"]["loss"]
    assert (loss["last"], loss["last_step"], loss["n"], loss["counted_to"]) == (0.125, 300, 5, 500)
    assert (loss["first_step"], loss["min"], loss["min_step"]) == (100, 0.125, 300)


def test_the_step_and_the_checkpoint_go_back_with_the_training(files: RunFiles) -> None:
    metrics = MetricsFile(files)
    metrics.progress(450, 1000, {}, None)
    metrics.checkpoint_saved("model.ckpt-400", 400)
    metrics.write()
    again = MetricsFile(files)  # the newest checkpoint was damaged
    again.resumed_at(200)
    again.write()
    assert (written(files)["step"], written(files)["checkpoint"]) == (200, None)
    again.checkpoint_saved("model.ckpt-300", 300)
    again.write()
    assert written(files)["step"] == 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"metrics": {"eval": {"loss": {"n": 3}}}},
        {"metrics": {"eval": 3}},
        {"metrics": [], "step": 100},
        {"metrics": {}, "step": "many"},
        {"metrics": {}, "gap_secs": {"median": math.inf, "longest": 1}},
    ],
)
def test_a_summary_of_another_shape_is_begun_anew(files: RunFiles, wrong: dict[str, Any]) -> None:
    files.metrics_json.write_text(json.dumps(wrong))
    metrics = MetricsFile(files)
    metrics.resumed_at(0)
    metrics.evaluated(None, 100, {"loss": 0.5})
    assert written(files)["metrics"]["eval"]["loss"]["n"] == 1
    assert written(files)["step"] == 0


def test_what_came_only_after_the_checkpoint_is_forgotten(files: RunFiles) -> None:
    """The training's points come at other steps each time."""
    killed = MetricsFile(files)
    killed.progress(130, 1000, {"loss": 9.0}, None)
    killed.progress(170, 1000, {"loss": 0.25}, None)
    killed.write()
    again = MetricsFile(files)
    again.resumed_at(100)
    again.progress(150, 1000, {"loss": 0.5}, None)
    assert written(files)["metrics"]["train"]["loss"] == add_point(None, 150, 0.5)
