from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.check import corners
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.order import SweepOrder, planned
from kerasrun.runs.sweep.plan import Execution, Plan
from kerasrun.runs.sweep.space import parse_space

ACCURACY = Objective("accuracy", maximize=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text("")
    (tmp_path / "trials.csv").write_text("lr,seed\n0.1,0\n0.2,\n")
    return tmp_path


def plan(project: Path, *params: str, **given: Any) -> Plan:
    return planned(SweepOrder("net.py", ["mlrun"], project, params, **given))


def test_each_combination_is_tried_with_each_seed_the_first_seed_first(project: Path) -> None:
    trials = plan(project, "lr=1,2", "units=8", repeats=2, seed=5).trials
    assert [(one.number, one.params["lr"], one.seed) for one in trials] == [
        *[(1, "1", 5), (2, "2", 5), (3, "1", 6), (4, "2", 6)],
    ]


def test_a_drawn_seed_is_the_same_in_all_trials(project: Path) -> None:
    made = plan(project, "lr=1,2")
    assert {one.seed for one in made.trials} == {made.seed["value"]}
    assert made.seed["origin"] == "drawn"


def test_rows_of_a_file_have_seeds_of_their_own(project: Path) -> None:
    trials = plan(project, "units=8", trials_file="trials.csv", seed=7, repeats=2).trials
    assert [(one.params["lr"], one.seed) for one in trials] == [
        *[("0.1", 0), ("0.2", 7), ("0.1", 1), ("0.2", 8)],
    ]
    assert {one.params["units"] for one in trials} == {"8"}


@pytest.mark.parametrize(
    ("params", "given", "message"),
    [
        ([], {}, "what shall be tried?"),
        (["lr=1"], {"random": 2, "optuna": "tpe"}, "--random and --optuna are given together"),
        (["lr=1"], {"number": 3}, "--n is how many trials Optuna proposes"),
        (["lr=0..1"], {"optuna": "tpe", "number": 3}, "--optuna needs --max METRIC"),
        (["lr=0..1"], {"optuna": "tpe", "objective": ACCURACY}, "--optuna needs --n N"),
        (
            ["lr=0..1"],
            {"optuna": "tpe", "number": 3, "objective": ACCURACY, "repeats": 2},
            "--repeats and --optuna are given together",
        ),
        (["lr=1"], {"execution": Execution(prune="median")}, "--prune needs --max METRIC"),
        (["lr=1"], {"execution": Execution(gpus=1)}, "--gpus is what Ray gives a trial"),
        (["lr=1"], {"execution": Execution(engine="ray", devices=("0",))}, "shares GPUs by --gpus"),
        (["lr=1"], {"execution": Execution(engine="ray", timeout_secs=9)}, "Ray sets no limit"),
        (["lr=1,2"], {"trials_file": "trials.csv"}, "-p lr: with --trials expected one value"),
        (["lr=1"], {"trials_file": "trials.csv"}, "-p lr is a column of trials.csv too"),
        (["lr=1"], {"tags": ["-x"]}, "tag '-x'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    project: Path, params: list[str], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        plan(project, *params, **given)
    assert message in str(caught.value)


def test_before_optuna_proposes_some_of_its_space_is_looked_at() -> None:
    space = parse_space(["size=4..8", "units=int:4..8", "act=relu,tanh,gelu"])
    found = corners(space)
    assert [(one["units"], one["act"]) for one in found] == [
        *[("4", "relu"), ("8", "tanh"), ("4", "gelu")],
    ]
    sizes = [float(one["size"]) for one in found]
    assert all(4 < size < 8 and not size.is_integer() for size in sizes)
    assert len(set(sizes)) == 2
