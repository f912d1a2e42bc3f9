"""Trials that are ended before their time, judged by the files of real runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from kerasrun.runs.errors import UsageError
from kerasrun.runs.scalar_file import ScalarFile
from kerasrun.runs.sweep.early_end import EarlyEnd
from kerasrun.runs.sweep.job import Job
from kerasrun.runs.sweep.objective import Objective
from kerasrun.runs.sweep.plan import Execution, Trial, read_plan
from tests.runs.sweep.sweep_records import trial, write_sweep, write_trial

MEDIAN = Execution(prune="median")


def write_curve(root: Path, one: Trial, accuracies: list[float], **given: Any) -> None:
    """A trial with an evaluation every 10 steps of 100."""
    folder = write_trial(root, one, **given)
    events = ScalarFile(folder / "eval")
    for number, value in enumerate(accuracies, 1):
        events.add(10 * number, {"accuracy": value})
    events.close()
    last = {"last": accuracies[-1], "last_step": 10 * len(accuracies), "n": len(accuracies)}
    summary = {"first": accuracies[0], "first_step": 10, **last}
    content = {"schema": 1, "step": last["last_step"], "max_steps": 100}
    metrics = {"eval": {"accuracy": summary}}
    (folder / "metrics.json").write_text(json.dumps({**content, "metrics": metrics}))


def job_of(root: Path, one: Trial) -> Job:
    return Job(one, root / str(one.run), 0, lambda: None)


@pytest.fixture
def trials(tmp_path: Path) -> list[Trial]:
    """Four that went well, and one at work that does not, and one that does."""
    made = [trial(number, f"000{number}") for number in range(1, 7)]
    for one in made[:4]:
        write_curve(tmp_path, one, [0.5, 0.7, 0.9])
    write_curve(tmp_path, made[4], [0.1, 0.2], status=None)
    write_curve(tmp_path, made[5], [0.6, 0.8], status=None)
    return made


def test_what_falls_behind_is_marked_in_the_plan_and_ended(
    tmp_path: Path, trials: list[Trial]
) -> None:
    files, plan = write_sweep(tmp_path, trials, execution=MEDIAN)
    early = EarlyEnd(files, plan)
    assert not early.judge(job_of(tmp_path, trials[5]))
    behind = job_of(tmp_path, trials[4])
    assert early.judge(behind)
    mark = read_plan(files).trials[4].mark
    assert mark == {"how": "pruned", "why": "worse than the median of 5 others at step 20"}
    # a process that was killed before it could end the trial leaves that to the next
    again = read_plan(files)
    assert EarlyEnd(files, again).judge(job_of(tmp_path, again.trials[4]))


def test_less_is_better_where_the_least_is_sought(tmp_path: Path, trials: list[Trial]) -> None:
    least = Objective("accuracy", maximize=False)
    files, plan = write_sweep(tmp_path, trials, execution=MEDIAN, objective=least)
    early = EarlyEnd(files, plan)
    assert not early.judge(job_of(tmp_path, trials[4]))
    assert early.judge(job_of(tmp_path, trials[5]))


def test_a_trial_is_judged_once_for_each_evaluation(tmp_path: Path, trials: list[Trial]) -> None:
    files, plan = write_sweep(tmp_path, trials, execution=MEDIAN)
    early, behind = EarlyEnd(files, plan), job_of(tmp_path, trials[4])
    behind.seen_step = 20
    assert not early.judge(behind)


def test_a_trial_that_takes_too_long_is_ended(tmp_path: Path, trials: list[Trial]) -> None:
    files, plan = write_sweep(tmp_path, trials, execution=Execution(timeout_secs=60.0))
    early, job = EarlyEnd(files, plan), job_of(tmp_path, trials[5])
    assert not early.judge(job)
    job.began -= 61
    assert early.judge(job)
    assert read_plan(files).trials[5].mark == {"how": "timed out", "why": "after 60 s"}


def test_a_metric_that_nobody_knows_is_found_while_the_first_trial_is_at_work(
    tmp_path: Path, trials: list[Trial]
) -> None:
    wrong = Objective("acuracy", maximize=True)
    files, plan = write_sweep(tmp_path, trials, objective=wrong)
    with pytest.raises(UsageError, match=r"--max acuracy: no such metric.*Did you mean 'accuracy'"):
        EarlyEnd(files, plan).judge(job_of(tmp_path, trials[5]))
