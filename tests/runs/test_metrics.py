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


def test_a_disk_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    gone = RunFiles(tmp_path / "gone")
    MetricsFile(gone).evaluated(None, 100, {"loss": 0.5})
    assert not gone.metrics_json.exists()


def test_a_damaged_summary_is_begun_anew(files: RunFiles) -> None:
    files.metrics_json.write_text("{")
    MetricsFile(files).evaluated(None, 100, {"loss": 0.5})
    assert written(files)["metrics"]["eval"]["loss"]["n"] == 1
