"""The main job, as a user does it: train the iris example, look at it, serve what it wrote."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasrun import runs
from tests.cli.conftest import mlrun_command

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def trained(root: Path) -> subprocess.CompletedProcess[str]:
    """`mlrun train` on the example, as README has it, in a pipe."""
    return mlrun("train", "--model", "examples/keras_iris.py", "--root", str(root))


@pytest.fixture(scope="module")
def run(trained: subprocess.CompletedProcess[str], root: Path) -> Any:
    """What `mlrun show --json` says of the run."""
    assert trained.returncode == 0, trained.stderr
    shown = mlrun("show", "@last", "--json", "--root", str(root))
    return json.loads(shown.stdout)["run"]


def mlrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kerasrun", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


def test_the_terminal_tells_the_story_and_nothing_else(
    trained: subprocess.CompletedProcess[str], run: Any
) -> None:
    assert trained.stderr == ""  # none of TensorFlow's start-up messages
    lines = trained.stdout.splitlines()
    assert re.match(r"run     \d{8}-\d{6}-[0-9a-f]{4}   keras_iris.py   git ", lines[0])
    assert re.match(r"eval    step 1,000   loss [\d.]+  accuracy [\d.]+$", lines[-3])
    assert re.match(
        r"export  export/exporter/\d{10}   answers as evaluated \(30 examples, largest difference ",
        lines[-2],
    )
    next_steps = r"mlrun tensorboard \w{4} · mlrun show \w{4} · mlrun serve \w{4}"
    assert re.fullmatch(rf"done    in [\d.]+ s   {next_steps}", lines[-1])


def test_it_is_recorded_as_completed_and_learnt_something(run: Any) -> None:
    assert run["status"] == "completed"
    assert run["metrics"]["eval"]["accuracy"]["last"] >= 0.93
    assert run["params"] == {"units": 10, "lr": 0.01}


@pytest.fixture(scope="module")
def tensorboard(run: Any, root: Path) -> Iterator[str]:
    """The URL of the real TensorBoard on the run and on one of two others."""
    for name in ("one", "two"):
        with runs.start(name, root=root) as tracked:
            tracked.log({"loss": 0.5}, step=5)
            tracked.log({"loss": 0.25}, step=5, group="eval")
    command = mlrun_command("tensorboard", run["id"], "two", "--port", "0", "--root", str(root))
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.match(r"TensorBoard at (http://127\.0\.0\.1:\d+/)   ", line)
    assert found, line
    yield found[1]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_tensorboard_shows_training_and_evaluation_on_the_same_charts(
    tensorboard: str, run: Any
) -> None:
    deadline = time.monotonic() + 60
    tags: dict[str, Any] = {}
    while len(tags) < 4 and time.monotonic() < deadline:
        tags = ask(tensorboard, "tags")
        time.sleep(0.1)
    training, evaluation = "units=10,lr=0.01", "units=10,lr=0.01/eval"
    assert set(tags) == {training, evaluation, "two", "two/eval"}, "exactly those that are meant"
    assert sorted(tags[training]) == ["accuracy", "global_step/sec", "loss"]
    assert sorted(tags[evaluation]) == ["accuracy", "loss"]
    points = ask(tensorboard, "scalars", run=evaluation, tag="accuracy")
    assert [step for _, step, _ in points] == list(range(100, 1001, 100))
    assert points[-1][2] == pytest.approx(run["metrics"]["eval"]["accuracy"]["last"])
    rates = ask(tensorboard, "scalars", run=training, tag="global_step/sec")
    assert all(value > 0 for _, _, value in rates)


def ask(url: str, what: str, **query: str) -> Any:
    address = f"{url}data/plugin/scalars/{what}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address, timeout=30) as reply:
        return json.load(reply)


def newest_export(run: Any) -> Path:
    return max(Path(run["dir"]).glob("export/exporter/*"))


@pytest.fixture(scope="module")
def told_of_export(run: Any) -> str:
    """What a program prints of the newest export without Keras, then what `saved_model_cli` does.

    One process does both: to start TensorFlow takes longer than either.
    """
    cli = str(Path(sys.executable).with_name("saved_model_cli"))
    program = (
        "import runpy, sys; sys.modules['keras'] = sys.modules['kerasrun'] = None\n"
        "import tensorflow as tf\n"
        f"serve = tf.saved_model.load({str(newest_export(run))!r}).signatures['serving_default']\n"
        "answer = serve(iris_input=tf.constant([[5.1, 3.3, 1.7, 0.5], [6.9, 3.1, 5.4, 2.1]]))\n"
        "print(tf.argmax(answer['probabilities'], axis=1).numpy().tolist(), flush=True)\n"
        f"sys.argv = [{cli!r}, 'show', '--dir', {str(newest_export(run))!r}, '--all']\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_export_answers_where_keras_cannot_be_imported(told_of_export: str) -> None:
    assert told_of_export.splitlines()[0] == "[0, 2]"


def test_saved_model_cli_names_the_feature(told_of_export: str) -> None:
    assert "signature_def['serving_default']" in told_of_export
    assert "inputs['iris_input']" in told_of_export
    assert "outputs['probabilities']" in told_of_export
