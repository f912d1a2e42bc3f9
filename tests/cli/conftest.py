import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerasrun import runs
from kerasrun.cli.main import app

EXAMPLES = Path(__file__).parents[2] / "examples"
MODEL_FILE = """
import keras
import numpy as np
import tensorflow as tf

print("a word of the model file")


def build_model(units: int = 4):
    model = keras.Sequential([keras.layers.Dense(units, name="net"), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def eval_input_fn():
    x = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)
    return tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(axis=1))).batch(4)


def train_input_fn():
    return eval_input_fn().repeat()
"""

Start = Callable[..., subprocess.Popen[str]]
Completed = subprocess.CompletedProcess[str]
Command = Callable[..., Completed]


def mlrun_command(*arguments: str) -> list[str]:
    """The command, in a process that hears Ctrl-C even if this one was started deaf to it."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; sys.argv[0] = 'mlrun'\n"
        "from kerasrun.cli.main import main; main()"
    )
    return [sys.executable, "-c", code, *arguments]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a model file."""
    (tmp_path / "net.py").write_text(MODEL_FILE)
    return tmp_path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Completed]:
    """A project with the run "first" of 20 steps, and what its training printed in a pipe."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "net.py").write_text(MODEL_FILE)
    command = mlrun_command(
        *["train", "--model", "net.py", "-p", "units=3", "--seed", "7", "--name", "first"],
        *["--max-steps", "20", "--save-checkpoints-steps", "10"],
    )
    done = subprocess.run(
        command, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=200
    )
    return folder, done


@pytest.fixture(scope="session")
def iris(tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """A run of 100 steps of the iris example, with an export; no test changes anything in it."""
    folder = tmp_path_factory.mktemp("iris")
    shutil.copy(EXAMPLES / "keras_iris.py", folder)
    shutil.copytree(EXAMPLES / "data", folder / "data")
    command = ["train", "--model", "keras_iris.py", "--max-steps", "100", "--seed", "3"]
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return runs.find_run("@last", folder / "runs")


@pytest.fixture
def start(project: Path) -> Start:
    """Starts `mlrun` in the project; its streams are pipes."""

    def begin(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            mlrun_command(*arguments),
            cwd=project,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture
def mlrun(start: Start) -> Command:
    """Runs `mlrun` in the project to its end."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        process = start(*arguments)
        out, err = process.communicate(timeout=200)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return command


def clean_environment() -> dict[str, str]:
    """Ours without settings of the person who runs the tests."""
    return {key: value for key, value in os.environ.items() if not key.startswith("KERASRUN_")}


@pytest.fixture
def interrupt() -> Callable[[subprocess.Popen[str], str], str]:
    """Sends SIGINT once a line of stdout begins with the given word; returns what was printed."""

    def after(process: subprocess.Popen[str], word: str) -> str:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith(word):
                process.send_signal(signal.SIGINT)
                break
        return printed

    return after
