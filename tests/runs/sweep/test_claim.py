"""A trial's run is whole or absent, and known, whatever moment a kill comes at."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kerasrun.runs.run import read_run
from kerasrun.runs.sweep.claim import claim_trial, clear_staged, settle, trial_argv
from kerasrun.runs.sweep.plan import read_plan
from tests.runs.sweep.sweep_records import SWEEP, trial, write_sweep

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from kerasrun.runs.sweep import claim, plan
from kerasrun.runs.sweep.files import SweepFiles

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

files = SweepFiles(Path(sys.argv[1]))
read = plan.read_plan(files)
moment = sys.argv[2]
if moment == "staged":
    plan.Plan.write = die
elif moment == "written down":
    Path.rename = die
claim.claim_trial(files, read, read.trials[0])
die()
"""


def test_a_trial_becomes_an_ordinary_run_that_knows_its_sweep(tmp_path: Path) -> None:
    files, plan = write_sweep(tmp_path, [trial(1, lr=0.1)], tags=["wide"])
    folder = claim_trial(files, plan, plan.trials[0]).folder
    run = read_run(folder)
    assert read_plan(files).trials[0].run == run.id
    assert run.record["parent"] == {"run": SWEEP, "how": "sweep", "trial": 1}
    assert run.record["params"]["lr"]["text"] == "0.1"
    assert run.record["seed"] == {"value": 7, "origin": "command line"}
    assert run.record["settings"]["max_steps"]["value"] == 20
    assert run.record["argv"] == trial_argv(plan, plan.trials[0])
    assert (folder / "source" / "net.py").read_text().startswith("def build_model")
    assert run.labels.tags == ("wide",)
    assert run.status.state == "preparing"


def test_the_command_of_a_trial_does_the_same_by_itself(tmp_path: Path) -> None:
    options = {"max_steps": 20, "features": {"net_input": ["a", "b"], "c": "c"}}
    _, plan = write_sweep(tmp_path, [trial(1, lr=0.1)], options=options)
    assert trial_argv(plan, plan.trials[0])[2:] == [
        *["--model", str(tmp_path / "net.py"), "-p", "lr=0.1", "--max-steps", "20"],
        *["--features", "net_input=a,b", "--features", "c", "--seed", "7"],
    ]


def test_claimed_again_it_is_the_same_run(tmp_path: Path) -> None:
    files, plan = write_sweep(tmp_path, [trial(1, lr=0.1)])
    first = claim_trial(files, plan, plan.trials[0])
    again = read_plan(files)
    assert claim_trial(files, again, again.trials[0]).folder == first.folder
    assert len(list(tmp_path.glob("2*"))) == 1


@pytest.mark.parametrize("moment", ["staged", "written down", "moved"])
def test_a_kill_at_any_moment_leaves_one_whole_run_or_none(tmp_path: Path, moment: str) -> None:
    files, _ = write_sweep(tmp_path, [trial(1, lr=0.1)])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(files.folder), moment],
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert killed.returncode == -signal.SIGKILL
    visible = [json.loads((path / "run.json").read_text()) for path in tmp_path.glob("2*")]
    assert [one["parent"]["run"] for one in visible] == [SWEEP] * (moment == "moved")

    plan = read_plan(files)
    known = plan.trials[0].run
    assert (known is not None) == (moment != "staged")
    settle(files, plan.trials[0])
    clear_staged(files)
    folder = claim_trial(files, plan, plan.trials[0]).folder
    assert [path.name for path in tmp_path.glob("2*")] == [folder.name]
    assert known in (None, folder.name)
    assert read_plan(files).trials[0].run == folder.name
