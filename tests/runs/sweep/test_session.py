"""What a sweep that is resumed may do otherwise."""

from pathlib import Path

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Execution, read_plan
from kerasrun.runs.sweep.session import Changes, changed
from tests.runs.sweep.sweep_records import trial, write_sweep, write_trial


def test_a_sweep_of_ray_may_go_on_without_it(tmp_path: Path) -> None:
    execution = Execution(jobs=3, engine="ray", cpus=2, gpus=1)
    files, _ = write_sweep(tmp_path, [trial(1, lr=0.1)], execution=execution)
    changed(files, Changes(execution={"engine": "local"}))
    assert read_plan(files).execution == Execution(jobs=3)


def test_a_metric_that_no_trial_knows_changes_nothing(tmp_path: Path) -> None:
    one = trial(1, "0001", lr=0.1)
    files, _ = write_sweep(tmp_path, [one])
    write_trial(tmp_path, one, metrics={"accuracy": 0.5, "loss": 1.5})
    with pytest.raises(UsageError, match=r"--min los: no such metric; .* Did you mean 'loss'"):
        changed(files, Changes(objective=Objective("los", maximize=False)))
    assert read_plan(files).objective == Objective("accuracy", maximize=True)
