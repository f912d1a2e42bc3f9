from pathlib import Path

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.run import Run, read_run
from kerasrun.runs.scalar_file import ScalarFile
from kerasrun.runs.sweep.objective import Objective, objective_of
from tests.runs.sweep.sweep_records import trial, write_trial


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = write_trial(tmp_path, trial(1, "0001"), metrics={"accuracy": 0.5, "loss": 2.0})
    for name, values in {"": [3.0, 2.5], "eval": [2.0, float("nan")]}.items():
        events = ScalarFile(folder / name)
        for step, value in enumerate(values, 1):
            events.add(10 * step, {"loss": value})
        events.close()
    return read_run(folder)


def test_the_value_and_the_curve_are_those_of_the_evaluation(run: Run) -> None:
    least = Objective("loss", maximize=False)
    assert (least.value(run), least.cost(2.0)) == (2.0, 2.0)
    assert least.curve(run) == [(10, 2.0), (20, float("inf"))]
    assert Objective("train/loss", maximize=False).curve(run) == [(10, 3.0), (20, 2.5)]
    assert Objective("accuracy", maximize=True).cost(0.5) == -0.5


def test_a_metric_that_there_is_not_is_refused_with_the_nearest(run: Run) -> None:
    Objective("loss", maximize=False).check(run)
    with pytest.raises(UsageError, match=r"--max acuracy: no such metric; run .*-0001 has") as no:
        Objective("acuracy", maximize=True).check(run)
    assert str(no.value).endswith("has accuracy, loss. Did you mean 'accuracy'?")


def test_a_run_that_has_hardly_begun_says_nothing_of_its_metrics(tmp_path: Path) -> None:
    folder = write_trial(tmp_path, trial(1, "0001"), status=None, metrics={"loss": 1.0})
    Objective("accuracy", maximize=True).check(read_run(folder))


def test_a_metric_that_is_nan_is_there(tmp_path: Path) -> None:
    folder = write_trial(tmp_path, trial(1, "0001"), metrics={"f1": None})
    for name in ("f1", "eval/f1"):
        sought = Objective(name, maximize=True)
        sought.check(read_run(folder))
        assert sought.value(read_run(folder)) is None


def test_the_options() -> None:
    assert objective_of(None, None) is None
    assert str(objective_of(None, "loss", best=True)) == "min loss (best evaluation)"
    with pytest.raises(UsageError, match=r"--max and --min are given together"):
        objective_of("accuracy", "loss")
    with pytest.raises(UsageError, match=r"--min names no metric"):
        objective_of(None, "")
    with pytest.raises(UsageError, match=r"--best needs --max"):
        objective_of(None, None, best=True)
