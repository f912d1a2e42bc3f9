"""Sweeps of real trainings: what fails, is killed or interrupted costs no other trial."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MODEL_FILE, Command, Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Slow until there is a file `go` beside it, so that there is time for kills.
SLOW_MODEL_FILE = (
    MODEL_FILE
    + """

import time
from pathlib import Path

from kerasrun import estimator as tf_estimator

GO = Path(__file__).parent / "go"


class Slow(tf_estimator.SessionRunHook):
    def after_run(self, run_context, run_values):
        if not GO.exists():
            time.sleep(0.1)


train_spec = tf_estimator.TrainSpec(train_input_fn, max_steps=400, hooks=[Slow()])
"""
)


def test_a_sweep_whose_trials_fail_in_part(project: Path, mlrun: Command, start: Start) -> None:
    """A layer of no units cannot be built; the other trials are none the worse for it."""
    given = ["--model", "net.py", "-p", "units=4,0,8", "--seed", "7", "--max-steps", "20"]
    done = mlrun("sweep", *given, "--min", "loss", "--jobs", "2")
    assert done.returncode == 1, done.stderr
    assert re.match(r"sweep   s-[\w-]+   3 trials   min loss   2 at once\n", done.stdout)
    failed = re.findall(r"^failed  (\w{4})  units 0   (.*)   -> mlrun logs \1$", done.stdout, re.M)
    assert len(failed) == 1
    assert "units" in failed[0][1]
    assert "2/3 done   1 failed   best " in done.stdout
    assert re.search(r"--resume \w{4} --retry-failed\n$", done.stderr)

    runs = json.loads(mlrun("runs", "--sweep", "@last", "--json").stdout)["runs"]
    assert sorted((run["params"]["units"], run["status"]) for run in runs if run["step"]) == [
        (4, "completed"),
        (8, "completed"),
    ]
    shown = json.loads(mlrun("show", sweep_id(project), "--json").stdout)
    losses = {run["id"]: run["metrics"]["eval"]["loss"]["last"] for run in runs if run["step"]}
    assert shown["best"] == min(losses, key=lambda one: losses[one])

    resumed = mlrun("sweep", "--resume", "@last")
    assert (resumed.returncode, "trial   " in resumed.stdout) == (1, False)
    check_hparams(start("tensorboard", sweep_id(project), "--port", "0"), losses)


def check_hparams(board: "subprocess.Popen[str]", losses: dict[str, float]) -> None:
    """TensorBoard's HParams tab has the params and the last metrics of all trials."""
    try:
        assert board.stdout is not None
        url = board.stdout.readline().split()[2]
        statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE"]
        request = {"startIndex": 0, "sliceSize": 9, "allowedStatuses": statuses}
        groups = wait_for(lambda: asked(f"{url}data/plugin/hparams/session_groups", request))
    finally:
        board.send_signal(signal.SIGINT)
        board.communicate(timeout=30)
    units = sorted(float(one["hparams"]["units"]) for one in groups)
    assert units == [0.0, 4.0, 8.0]
    values = {
        round(metric["value"], 5)
        for one in groups
        for metric in one.get("metricValues", [])
        if metric["name"] == {"group": "eval", "tag": "loss"}
    }
    assert values == {round(loss, 5) for loss in losses.values()}


def asked(url: str, request: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The session groups, once all are read."""
    body, headers = json.dumps(request).encode(), {"Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as reply:
            groups: list[dict[str, Any]] = json.load(reply)["sessionGroups"]
    except urllib.error.HTTPError:
        return None
    return groups if len(groups) == 3 else None


def test_kills_and_an_interrupt_lose_no_trial_and_repeat_none(
    project: Path, start: Start, mlrun: Command
) -> None:
    (project / "net.py").write_text(SLOW_MODEL_FILE)
    given = ["--model", "net.py", "-p", "units=4,5", "--save-checkpoints-steps", "10"]
    parent = start("sweep", *given, "--min", "loss")
    first = wait_for(lambda: saved_run(project))
    parent.kill()
    parent.communicate(timeout=30)
    assert is_at_work(first), "the trial must outlive its parent"

    parent = start("sweep", "--resume", "@last")
    line_with(parent, "is at work still")
    worker = attempts(first)[-1]["pid"]
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(attempts(first)) == 2)
    parent.send_signal(signal.SIGINT)
    out, err = parent.communicate(timeout=100)
    assert parent.returncode == 130, out + err
    assert "was crashed: it is taken up again" in err
    assert re.search(r"2 of 2 trials are not done.   mlrun sweep --resume \w{4}\n$", err)
    assert not is_at_work(first)

    (project / "go").touch()
    done = mlrun("sweep", "--resume", "@last", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2/2 done" in done.stdout
    runs = [json.loads(path.read_text()) for path in (project / "runs").glob("2*/run.json")]
    assert sorted(
        (run["parent"]["trial"], run["params"]["units"]["value"], len(run["attempts"]))
        for run in runs
    ) == [(1, 4, 3), (2, 5, 1)]
    steps = [json.loads((first / "metrics.json").read_text())["step"]]
    assert steps == [400]


def sweep_id(project: Path) -> str:
    (folder,) = (project / "runs").glob("s-*")
    return folder.name


def saved_run(project: Path) -> Path | None:
    """The run that has a checkpoint."""
    found = list((project / "runs").glob("2*/checkpoint"))
    return found[0].parent if found else None


def attempts(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "run.json").read_text())["attempts"]
    return found


def is_at_work(folder: Path) -> bool:
    from kerasrun.runs.lock import is_locked

    return is_locked(folder / "lock")


def line_with(process: "subprocess.Popen[str]", text: str) -> None:
    """Reads its stdout up to a line that has `text`."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"it ended without {text!r}")


def wait_for(condition: Callable[[], Any], *, secs: float = 100.0) -> Any:
    """What the condition is once it is something."""
    deadline = time.monotonic() + secs
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing after {secs} s")
