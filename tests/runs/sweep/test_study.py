"""Optuna's study is a cache: whatever is lost there is made again of the plan and the runs."""

import shutil
import sys
from pathlib import Path

import optuna
import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Execution, Plan, Trial, read_plan
from kerasrun.runs.sweep.session import Changes, changed
from kerasrun.runs.sweep.states import state_of
from kerasrun.runs.sweep.study import StudyTrials, check_sampler
from tests.runs.sweep.sweep_records import SWEEP, write_sweep, write_trial

SPACE = {"lr": "log:1e-4..1e-1", "units": "int:4..64", "act": "relu,tanh", "same": "1"}


def proposing(root: Path, number: int = 3) -> tuple[SweepFiles, Plan]:
    return write_sweep(
        root,
        [],
        how="optuna",
        space=SPACE,
        number=number,
        execution=Execution(sampler="tpe"),
    )


def finish(files: SweepFiles, plan: Plan, one: Trial, value: float, status: str) -> None:
    one.run = f"20261121-223015-000{one.number}"
    plan.write(files)
    write_trial(files.root, one, status=status, metrics={"accuracy": value})


def study_of(files: SweepFiles) -> optuna.Study:
    return optuna.load_study(study_name=SWEEP, storage=f"sqlite:///{files.study_db}")


def test_proposals_are_written_down_and_results_told_once(tmp_path: Path) -> None:
    files, plan = proposing(tmp_path)
    trials = StudyTrials(files, plan)
    first = trials.next()
    assert first is not None
    assert first.params.keys() == SPACE.keys()
    assert first.params["same"] == "1"
    assert read_plan(files).trials == [first]

    finish(files, plan, first, 0.75, "completed")
    state = state_of(tmp_path, first, plan.objective)
    trials.ended(state)
    trials.ended(state)
    second = trials.next()
    assert second is not None
    finish(files, plan, second, 0.5, "failed")
    trials.ended(state_of(tmp_path, second, plan.objective))
    assert trials.next() is not None
    assert [(one.state.name, one.value) for one in study_of(files).trials] == [
        ("COMPLETE", 0.75),
        ("FAIL", None),
        ("RUNNING", None),
    ]


def test_a_proposal_that_no_run_was_made_of_comes_again_and_no_more_than_wanted(
    tmp_path: Path,
) -> None:
    files, plan = proposing(tmp_path, number=1)
    first = StudyTrials(files, plan).next()
    again = changed(files, Changes(number=1))
    trials = StudyTrials(files, again)
    assert trials.next() == first
    again.trials[0].run = "20261121-223015-0001"
    assert trials.next() is None
    with pytest.raises(UsageError, match=r"--n 0: sweep .* has 1 trials already"):
        changed(files, Changes(number=0))


def test_what_a_kill_has_left_is_mended(tmp_path: Path) -> None:
    """Asked for and not written down, finished and not told, and the whole study gone."""
    files, plan = proposing(tmp_path)
    trials = StudyTrials(files, plan)
    first = trials.next()
    assert first is not None
    finish(files, plan, first, 0.75, "completed")
    study_of(files).ask()  # killed before it was written down

    again = read_plan(files)
    mended = StudyTrials(files, again)
    mended.ended(state_of(tmp_path, again.trials[0], again.objective))
    assert [one.state.name for one in study_of(files).trials] == ["COMPLETE", "FAIL"]

    files.study_db.unlink()
    again = read_plan(files)
    anew = StudyTrials(files, again)
    anew.ended(state_of(tmp_path, again.trials[0], again.objective))
    (entry,) = study_of(files).trials
    assert (entry.state.name, entry.value) == ("COMPLETE", 0.75)
    assert entry.params["lr"] == float(first.params["lr"])
    assert anew.next() is not None


def test_a_trial_that_was_stopped_is_told_when_it_has_come_to_its_end(tmp_path: Path) -> None:
    """And one that had failed, when it was tried again."""
    files, plan = proposing(tmp_path)
    trials = StudyTrials(files, plan)
    for status in ("stopped", "failed"):
        one = trials.next()
        assert one is not None
        finish(files, plan, one, 0.25, status)
        trials.ended(state_of(tmp_path, one, plan.objective))
    assert [one.state.name for one in study_of(files).trials] == ["RUNNING", "FAIL"]

    again = read_plan(files)
    mended = StudyTrials(files, again)
    for one in again.trials:
        shutil.rmtree(tmp_path / str(one.run))
        finish(files, again, one, 0.5, "completed")
        for _ in range(2):
            mended.ended(state_of(tmp_path, one, again.objective))
    assert [(one.state.name, one.value) for one in study_of(files).trials] == [
        *[("COMPLETE", 0.5), ("FAIL", None), ("COMPLETE", 0.5)],
    ]


def test_a_resume_that_seeks_another_metric_makes_the_study_anew(tmp_path: Path) -> None:
    files, plan = proposing(tmp_path)
    one = StudyTrials(files, plan).next()
    assert one is not None
    one.run = "20261121-223015-0001"
    plan.objective = Objective("loss", maximize=False)
    plan.write(files)
    write_trial(tmp_path, one, status="completed", metrics={"accuracy": 0.75, "loss": 2.0})

    anew = StudyTrials(files, read_plan(files))
    anew.ended(state_of(tmp_path, one, plan.objective))
    study = study_of(files)
    assert study.direction.name == "MINIMIZE"
    assert [entry.value for entry in study.trials] == [2.0]


def test_what_was_drawn_is_not_drawn_again_after_a_resume(tmp_path: Path) -> None:
    files, plan = proposing(tmp_path)
    first = StudyTrials(files, plan).next()
    assert first is not None
    finish(files, plan, first, 0.75, "completed")
    second = StudyTrials(files, read_plan(files)).next()
    assert second is not None
    assert second.params["lr"] != first.params["lr"]


def test_without_optuna_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"pip install 'kerasrun\[sweep\]'"):
        check_sampler("tpe")


def test_a_sampler_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--optuna tpee: expected one of .*'tpe'\?"):
        check_sampler("tpee")
