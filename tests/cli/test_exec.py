"""`mlrun exec`: programs of the old style, not one line changed, as runs."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun import runs
from kerasrun.runs.serving import model_of_run

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]
Interrupt = Callable[[subprocess.Popen[str], str], str]

MODEL_FN = """
import argparse
import os
import sys

import numpy as np
import tensorflow as tf


class Told(tf.estimator.SessionRunHook):
    def after_create_session(self, session, coord):
        print("training", flush=True)


def model_fn(features, labels, mode, params):
    logits = tf.compat.v1.layers.dense(features["x"], 2)
    classes = tf.argmax(logits, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"classes": classes})
    loss = tf.compat.v1.losses.sparse_softmax_cross_entropy(labels, logits)
    metrics = {"accuracy": tf.compat.v1.metrics.accuracy(labels, classes)}
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    optimizer = tf.compat.v1.train.GradientDescentOptimizer(params["lr"])
    step = tf.compat.v1.train.get_global_step()
    return tf.estimator.EstimatorSpec(
        mode, loss=loss, train_op=optimizer.minimize(loss, step), training_hooks=[Told()]
    )


def input_fn():
    x = np.random.default_rng(1).normal(size=(64, 4)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(({"x": x}, (x[:, 0] > 0).astype("int32")))
    return data.repeat().batch(16)


def serving_input_fn():
    x = tf.compat.v1.placeholder(tf.float32, [None, 4])
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})
"""
TASK = """
from trainer.model import *  # beside it

parser = argparse.ArgumentParser(add_help=False)
parser.add_argument("--job-dir")
parser.add_argument("--name")
parser.add_argument("--lr", type=float)
parser.add_argument("--help", action="store_true")
args = parser.parse_args()
print("given", args.name, args.help, os.path.basename(sys.argv[0]), __name__)
for number in (1, 2):
    folder = os.path.join(args.job_dir, str(number))
    estimator = tf.estimator.Estimator(model_fn, folder, params={"lr": args.lr})
    estimator.train(input_fn, max_steps=20 * number)
    estimator.evaluate(input_fn, steps=4)
estimator.evaluate(input_fn, steps=1, name="test")
estimator.export_saved_model(os.path.join(args.job_dir, "export", "last"), serving_input_fn)
"""
ENDLESS = """
from trainer.model import *

estimator = tf.estimator.Estimator(model_fn, params={"lr": 0.1})
resumed = tf.train.latest_checkpoint(estimator.model_dir)
steps = {"steps": 5} if resumed else {"max_steps": 10**9}
estimator.train(input_fn, **steps)
sys.exit("that is enough")
"""
FAILS = """
def inner():
    try:
        return {}["a"]
    except KeyError as error:
        raise ZeroDivisionError("of its own") from error


print("before it fails")
inner()
"""


@pytest.fixture(autouse=True)
def programs(project: Path) -> None:
    (project / "trainer").mkdir()
    (project / "trainer" / "__init__.py").touch()
    (project / "trainer" / "model.py").write_text(MODEL_FN)
    (project / "trainer" / "task.py").write_text(TASK)
    (project / "endless.py").write_text(ENDLESS)


def test_a_program_is_recorded_with_what_its_estimators_do(mlrun: Command, project: Path) -> None:
    done = mlrun(
        *["exec", "--name", "old", "--tag", "first", "-m", "trainer.task"],
        *["--job-dir", "out", "--name", "its-own", "--lr=0.5", "--help"],
    )
    assert done.returncode == 0, done.stderr
    assert "given its-own True task.py __main__\n" in done.stdout
    run = runs.find_run("old", project / "runs")
    lines = done.stderr.splitlines()
    assert lines[0] == f"run     {run.id}   task.py"
    starts = [
        "eval    step 20",
        "eval 2  step 40",
        "eval test_2 step 40",
        "export  out/export/last",
    ]
    for line, start in zip(lines[1:], starts, strict=False):
        assert line.startswith(start)
    assert re.match(r"done    in .* mlrun serve ", lines[5])

    assert (str(run.status), run.outcome and run.outcome["code"]) == ("completed", 0)
    assert run.params == {"job_dir": "out", "name": "its-own", "lr": 0.5, "help": True}
    assert run.labels.tags == ("first",)
    assert run.record["program"]["arguments"][-1] == "--help"
    assert (run.folder / "source" / "trainer" / "model.py").read_text() == MODEL_FN
    assert run.record["model_dirs"] == [str(project / "out" / "1"), str(project / "out" / "2")]
    assert (run.folder / "model_dir").resolve() == project / "out" / "1"
    assert (run.folder / "model_dir_2").resolve() == project / "out" / "2"
    metrics = run.metrics["metrics"]
    assert set(metrics) == {"train", "train_2", "eval", "eval_2", "eval_test_2"}
    assert metrics["eval"]["accuracy"]["last_step"] == 20
    assert metrics["eval_2"]["accuracy"]["last_step"] == 40
    assert runs.list_runs(project / "runs", where="accuracy > 0.1 and lr = 0.5").matched == 1
    assert "given its-own" in (run.folder / "output.log").read_text()

    base = project / "out" / "export" / "last"
    (export,) = base.iterdir()
    assert [one["path"] for one in run.record["exports"]] == [str(export)]
    assert model_of_run(run) == ("old", str(base))
    shown = mlrun("show", "old").stdout
    assert re.search(rf"^files .* 1 exports, newest {export}", shown, re.MULTILINE)
    assert f"\nmodel_dir  {project}/out/2\n" in shown

    refused = mlrun("evaluate", "old")
    assert refused.returncode == 4
    assert "its model is made by its own program" in refused.stderr
    again = mlrun("resume", "old")
    assert again.returncode == 4
    assert "has completed; to run its program again: mlrun exec --name old" in again.stderr


def test_its_traceback_is_as_from_python(mlrun: Command, project: Path) -> None:
    (project / "fails.py").write_text(FAILS)
    plain = subprocess.run(
        [sys.executable, "fails.py"], cwd=project, capture_output=True, text=True, check=False
    )
    done = mlrun("exec", "--json", "fails.py", "--seed", "7")
    assert done.returncode == plain.returncode == 1
    printed = without_hints(plain.stdout + plain.stderr).replace(f"{project}/", "")
    assert printed in without_hints(done.stderr).replace(f"{project}/", "")
    shown = json.loads(done.stdout)
    assert shown["run"]["status"] == "failed"
    assert shown["run"]["reason"] == "ZeroDivisionError: of its own"
    assert shown["run"]["params"] == {"seed": 7}
    assert "model_dirs" not in shown["record"]


def without_hints(text: str) -> str:
    """A traceback without the marks below its lines, which not every way to print it has."""
    return "\n".join(line for line in text.splitlines() if set(line) - set(" ~^"))


def test_its_exit_code_is_that_of_the_command(mlrun: Command, project: Path) -> None:
    (project / "three.py").write_text("import sys\nprint('bye')\nsys.exit(3)\n")
    done = mlrun("exec", "three.py")
    assert done.returncode == 3
    assert done.stdout.endswith("bye\n")
    assert "Traceback" not in done.stdout + done.stderr
    assert str(runs.find_run("@last", project / "runs").status) == "failed (sys.exit(3))"


def test_ctrl_c_saves_and_resume_runs_it_again(
    start: Start, mlrun: Command, interrupt: Interrupt, project: Path
) -> None:
    process = start("exec", "endless.py")
    interrupt(process, "training")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    run = runs.find_run("@last", project / "runs")
    assert str(run.status) == "stopped (SIGINT)"
    assert run.record["model_dirs"] == [str(run.folder)], "it named none, so it is the run's own"
    step = run.metrics["checkpoint"]["step"]
    assert (run.folder / f"model.ckpt-{step}.index").exists()
    assert f"stopped by SIGINT with a checkpoint of step {step:,}." in err

    refused = mlrun("resume", run.id, "--max-steps", "5")
    assert refused.returncode == 2
    assert "says itself where training ends" in refused.stderr
    done = mlrun("resume", run.id)
    assert done.returncode == 1
    assert done.stdout.endswith("training\nthat is enough\n")
    assert f"resume  from model.ckpt-{step} (attempt 2; attempt 1: stopped (SIGINT))" in done.stderr
    run = runs.find_run("@last", project / "runs")
    assert str(run.status) == "failed (sys.exit('that is enough'))"
    assert run.metrics["checkpoint"]["step"] == step + 5

    (project / "trainer" / "model.py").write_text(MODEL_FN + "\n# another\n")
    refused = mlrun("resume", run.id)
    assert refused.returncode == 4
    assert "endless.py, or a module beside it, has changed since run" in refused.stderr
