import math
from pathlib import Path

import pytest

from kerasrun.runs.curves import read_curves, smoothed
from kerasrun.runs.scalar_file import ScalarFile


def add(folder: Path, value: float) -> None:
    events = ScalarFile(folder)
    events.add(1, {"loss": value})
    events.close()


def groups(folder: Path) -> list[str]:
    return [curve.group for curve in read_curves(folder)]


def test_the_training_comes_first_and_subfolders_are_groups(tmp_path: Path) -> None:
    for place, folder in enumerate(["eval_b", "", "eval"]):
        add(tmp_path / folder, place)
    (tmp_path / "export" / "latest").mkdir(parents=True)
    assert groups(tmp_path) == ["train", "eval", "eval_b"]


def test_folders_of_keras_own_callback(tmp_path: Path) -> None:
    add(tmp_path / "train", 1.0)
    add(tmp_path / "validation", 1.0)
    assert groups(tmp_path) == ["train", "validation"]
    add(tmp_path, 2.0)
    assert groups(tmp_path) == ["train", "train/", "validation"]


def test_no_folder_has_no_curves(tmp_path: Path) -> None:
    assert read_curves(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(0.0, [1.0, 2.0, 6.0]), (0.5, [1.0, 5 / 3, 29 / 7]), (1.0, [1.0, 1.5, 3.0])],
)
def test_smoothing_is_a_weighted_mean_of_what_was(weight: float, expected: list[float]) -> None:
    assert smoothed([1.0, 2.0, 6.0], weight) == pytest.approx(expected)


def test_what_is_not_finite_is_not_smoothed() -> None:
    one, two, three, four = smoothed([1.0, math.nan, math.inf, 3.0], 1.0)
    assert (one, three, four) == (1.0, math.inf, 2.0)
    assert math.isnan(two)
