"""`mlrun evaluate`, with TensorFlow: beside a training and after it."""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app
from tests.cli.conftest import MODEL_FILE, Completed

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]
Interrupt = Callable[[subprocess.Popen[str], str], str]

# Endless, and idle most of the time: the others are to have the processor.
ENDLESS = ("--max-steps", "1000000000", "--save-checkpoints-steps", "10")
SLOWLY = """
import time

from kerasrun import estimator as tf_estimator


class Pause(tf_estimator.SessionRunHook):
    def after_run(self, context, values):
        time.sleep(0.1)


train_spec = tf_estimator.TrainSpec(train_input_fn, hooks=[Pause()])
eval_spec = tf_estimator.EvalSpec(eval_input_fn, throttle_secs=0)
"""


@pytest.fixture
def finished(trained: tuple[Path, Completed], project: Path) -> runs.Run:
    """A run of 20 steps, with checkpoints of steps 0, 10 and 20, in the project."""
    shutil.copytree(trained[0] / "runs", project / "runs")
    return runs.find_run("@last", project / "runs")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def wait_for_checkpoint(project: Path, process: subprocess.Popen[str]) -> None:
    """Until the only run has saved one after that of step 0."""
    deadline = time.monotonic() + 60
    while not list((project / "runs").glob("*/model.ckpt-?*0.index")):
        assert process.poll() is None, "the training has ended early"
        assert time.monotonic() < deadline, "no checkpoint came"
        time.sleep(0.1)


def test_a_finished_run_is_evaluated_as_it_was_trained(
    mlrun: Command, finished: runs.Run, project: Path
) -> None:
    before = contents(finished.folder)
    done = mlrun("evaluate", "@last", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "a word of the model file\n", "no noise of TensorFlow"
    result = json.loads(done.stdout)
    trained = finished.metrics["metrics"]["eval"]
    assert result == {
        "schema": 1,
        "run": finished.id,
        "name": "separate",
        "step": 20,
        "metrics": {tag: trained[tag]["last"] for tag in ("loss", "mae")},
        "checkpoint": str(finished.folder / "model.ckpt-20"),
    }
    after = contents(finished.folder)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {path.split("/")[0] for path in changed} == {"eval_separate"}
    assert before.keys() <= after.keys()


def test_checkpoint_steps_and_name_are_as_asked(finished: runs.Run) -> None:
    asked = ["--checkpoint", "10", "--steps", "1", "--name", "one"]
    root = str(finished.folder.parent)
    done = CliRunner().invoke(app, ["evaluate", finished.id, *asked, "--root", root])
    assert done.exit_code == 0, done.stderr
    assert re.fullmatch(r"eval one step 10   loss \S+  mae \S+\n", done.stdout), done.stdout
    assert list((finished.folder / "eval_one").glob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--checkpoint", "7"], 2, r"has no checkpoint of step 7; it has 0, 10, 20"),
        (["--checkpoint", "10", "--watch"], 2, "give --watch or --checkpoint, not both"),
        (["--name", "a/b"], 2, "--name 'a/b': expected a word"),
        (["--steps", "0"], 2, "Invalid value for '--steps'"),
    ],
)
def test_what_cannot_be_is_refused(
    mlrun: Command, finished: runs.Run, arguments: list[str], code: int, message: str
) -> None:
    done = mlrun("evaluate", "@last", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert re.search(message, done.stderr), done.stderr
    assert not list(finished.folder.glob("eval_*")), "nothing is left behind"


def test_the_trainings_own_evaluation_keeps_its_name_and_notices_are_shown_once(
    mlrun: Command, project: Path
) -> None:
    text = (project / "net.py").read_text().replace(".repeat()", ".repeat(6)")
    (project / "net.py").write_text(
        f"{text}\n"
        "from kerasrun import estimator as tf_estimator\n"
        "eval_spec = tf_estimator.EvalSpec(eval_input_fn, name='holdout', every_steps=5)\n"
    )
    done = mlrun("train", "--model", "net.py", "--max-steps", "100")
    assert done.returncode == 0, done.stderr
    shown = [line for line in done.stdout.splitlines() if line.startswith("eval")]
    assert [line.split("   ")[0] for line in shown] == [
        f"eval holdout step {step}" for step in (5, 10, 12)
    ]
    word, notice = done.stderr.splitlines()
    assert word == "a word of the model file"
    assert notice.startswith("note    The training data ended at step 12; training was to go on to")
    run = runs.find_run("@last", project / "runs")
    assert (run.folder / "output.log").read_text().count("The training data ended") == 1
    done = mlrun("evaluate", "@last", "--name", "holdout")
    assert done.returncode == 2
    assert "the training itself writes to eval_holdout; give another" in done.stderr


def test_a_running_training_is_followed_to_its_end(
    start: Start, mlrun: Command, interrupt: Interrupt, project: Path
) -> None:
    (project / "net.py").write_text(MODEL_FILE + SLOWLY)
    training = start("train", "--model", "net.py", *ENDLESS)
    wait_for_checkpoint(project, training)
    watching = start("evaluate", "@last", "--watch", "--json")
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    second = mlrun("evaluate", "@last")
    assert second.returncode == 4, "two writers never share a folder"
    assert "another `mlrun evaluate` writes to eval_separate" in second.stderr

    interrupted = start("evaluate", "@last", "--watch", "--name", "other")
    interrupt(interrupted, "eval other")
    _, err = interrupted.communicate(timeout=60)
    assert interrupted.returncode == 130, err
    assert "Traceback" not in err
    assert runs.find_run("@last", project / "runs").status.state == "running"

    training.send_signal(signal.SIGINT)
    training.communicate(timeout=60)
    assert training.returncode == 130
    out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0, err
    steps = [first["step"], *(json.loads(line)["step"] for line in out.splitlines())]
    run = runs.find_run("@last", project / "runs")
    assert str(run.status) == "stopped (SIGINT)", "the training was not disturbed"
    assert steps == sorted(set(steps)), "no checkpoint is evaluated twice"
    assert steps[-1] == run.step, "the last checkpoint is done"
