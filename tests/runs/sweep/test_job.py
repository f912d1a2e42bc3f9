"""A trial's worker is stopped, whatever moment that is asked at."""

import threading
from pathlib import Path

from kerasrun.runs.run import read_run
from kerasrun.runs.sweep.claim import claim_trial
from kerasrun.runs.sweep.job import Job
from tests.runs.sweep.sweep_records import trial, write_sweep


def test_a_worker_that_is_just_starting_is_stopped_once_it_hears(tmp_path: Path) -> None:
    files, plan = write_sweep(tmp_path, [trial(1, lr=0.1)])
    folder = claim_trial(files, plan, plan.trials[0]).folder
    for _ in range(2):  # the second time there is an attempt that has ended
        woken = threading.Event()
        job = Job(plan.trials[0], folder, 0, woken.set)
        job.start(plan.argv, tmp_path, None)
        job.stop(60.0)
        assert woken.wait(60)
        assert read_run(folder).status.state == "stopped"
    assert len(read_run(folder).attempts) == 2
