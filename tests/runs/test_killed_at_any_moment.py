"""`kill -9` at any moment of a record's life: it is listed truly, and goes on or says why not."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from kerasrun.runs.listing import list_runs
from kerasrun.runs.records import check_startable
from kerasrun.runs.run import read_run
from tests.runs.conftest import new_run, worker_command

pytestmark = pytest.mark.slow

ENDLESS = """
import itertools, os
from kerasrun.runs.json_file import write_json
from kerasrun.runs.resume import latest_step
begin = latest_step(task.files.folder) or 0
task.metrics.resumed_at(begin)
if begin:  # what the kill has cut off is made up for
    task.metrics.evaluated(None, begin, {"loss": 1 / begin})
for step in itertools.count(begin + 1):
    task.metrics.progress(step, None, {"loss": 1 / step}, 1.0)
    aside = task.files.folder / "aside"
    aside.write_text(f'model_checkpoint_path: "model.ckpt-{step}"')
    aside.replace(task.files.checkpoint_state)
    task.metrics.checkpoint_saved(f"model.ckpt-{step}", step)
    task.metrics.evaluated(None, step, {"loss": 1 / step})
    task.save_record()
    if len(sys.argv) > 2:
        break
"""


def kill_after(command: list[str], secs: float) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(secs)
    process.kill()
    process.wait()


def test_a_worker_that_is_killed_at_any_moment_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    files = new_run(tmp_path / "runs", params={"units": {"value": 20, "origin": "default"}})
    command = worker_command(tmp_path / "job.py", files, ENDLESS)
    seen, kills = 0, 16
    for _ in range(kills):
        kill_after(command, chance.uniform(0.0, 0.4))
        listing = list_runs(tmp_path / "runs")
        assert listing.unreadable == []
        (run,) = listing.runs
        assert run.status.state == ("crashed" if run.attempts else "preparing")
        assert seen <= len(run.attempts) <= seen + 1, "an attempt is entered or not, and once"
        seen = len(run.attempts)
        assert run.params == {"units": 20}
        shown = CliRunner().invoke(app, ["runs", "--root", str(tmp_path / "runs")])
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert run.status.state in shown.stdout
    assert seen > kills / 4, "too few of them came to work before they were killed"
    subprocess.run([*command, "end"], check=True)
    run = read_run(files.folder)
    assert str(run.status) == "completed"
    assert [entry["attempt"] for entry in run.attempts] == list(range(1, seen + 2))
    assert {entry["outcome"]["status"] for entry in run.attempts[:-1]} == {"crashed"}
    loss = run.metrics["metrics"]["eval"]["loss"]
    assert (loss["first_step"], loss["min_step"], loss["max_step"]) == (1, loss["last_step"], 1)
    assert loss["n"] == loss["last_step"], "every step is counted once"
    assert loss["last"] == pytest.approx(1 / loss["last_step"])


PREPARE = (
    "import sys; from pathlib import Path; from kerasrun.runs.launch import TrainOrder, prepare\n"
    "here = Path(sys.argv[1])\n"
    "while True: prepare(TrainOrder('net.py', [], here, options={'max_steps': 3}), here / 'runs')"
)


def test_a_kill_before_the_worker_leaves_a_run_that_is_told_truly(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    (tmp_path / "net.py").write_text("model = None\n")
    for _ in range(8):
        kill_after([sys.executable, "-c", PREPARE, str(tmp_path)], chance.uniform(0.2, 0.5))
    listing = list_runs(tmp_path / "runs")
    assert listing.unreadable == []
    assert listing.runs
    assert {str(run.status) for run in listing.runs} == {"preparing"}
    for run in listing.runs:
        os.utime(run.folder, (time.time() - 70,) * 2)
        assert str(read_run(run.folder).status) == "crashed (the worker never started)"
        if run.record:
            check_startable(run.id, run.record)
            assert run.max_steps == 3
        else:
            refused = CliRunner().invoke(app, ["resume", run.id, "--root", str(tmp_path / "runs")])
            assert refused.exit_code == 2
            assert refused.stderr == (f"error: run {run.id} was never begun: it has no run.json\n")
