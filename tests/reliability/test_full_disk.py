"""A disk that is full, or cannot be written: one clear line, and the last good state intact."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Train = Callable[[Path, Path | None, int], str]

SIZE = 1_500_000
PROGRAM = """
import os, sys
import keras
import numpy as np
import tensorflow as tf
from kerasrun import estimator as tf_estimator

folder, ballast = sys.argv[1:3]
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.layers.Dense(100, name="net"), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)


def input_fn():
    return tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(axis=1))).batch(4).repeat()


class Fill(tf_estimator.SessionRunHook):
    def next_iteration(self, done):
        return next((step for step in (3, 300) if step > done), None)

    def after_run(self, context, values):
        if os.path.exists(ballast):
            os.remove(ballast)
            return
        with open(ballast, "wb", buffering=0) as file:
            for size in (65536, 512, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    pass


config = tf_estimator.RunConfig(save_checkpoints_steps=int(sys.argv[3]), save_summary_steps=1)
estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir=folder, config=config)
try:
    estimator.train(input_fn, hooks=[Fill()] if ballast else [], max_steps=400)
except Exception as error:
    print(f"{type(error).__name__}: {error}")
else:
    print("trained to", estimator.get_variable_value("global_step"))
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = f"size={SIZE}"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def train(run_program: Callable[..., str], tmp_path: Path) -> Train:
    """Runs the program in a folder; returns what it prints."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def run(folder: Path, ballast: Path | None, save_every: int) -> str:
        return run_program(program, str(folder), str(ballast or ""), str(save_every))

    return run


@pytest.mark.slow
def test_summaries_that_cannot_be_written_follow_later(
    small_disk: Path, train: Train, scalars: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk is full after step 3, and has room again after step 300; no checkpoint is due."""
    folder = small_disk / "model_dir"
    assert train(folder, small_disk / "ballast", 1000) == "trained to 400\n"
    assert [text for text in caplog.messages if "Summaries" in text] == [
        f"Summaries cannot be written to {folder} (No space left on device): "
        "work goes on, and they follow when they can.",
        f"Summaries are written to {folder} again.",
    ]
    losses = scalars(str(folder))["loss"]
    assert [step for step, _ in losses] == list(range(1, 401))


@pytest.mark.slow
def test_a_checkpoint_that_cannot_be_written_ends_training_with_the_reason(
    small_disk: Path, train: Train
) -> None:
    folder = small_disk / "model_dir"
    assert train(folder, small_disk / "ballast", 2).startswith(
        f"CheckpointWriteError: The checkpoint of step 4 could not be written to {folder}: "
        "No space left on device (tried 4 times). Training has ended; model.ckpt-2 is the newest "
        "one there."
    )
    (small_disk / "ballast").unlink()
    assert not [path for path in folder.iterdir() if "tmp" in path.name]
    assert train(folder, None, 200) == "trained to 400\n"


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_refused_at_once(train: Train) -> None:
    (line,) = train(Path("/proc/model_dir"), None, 2).splitlines()
    assert "Error" in line
    assert "/proc/model_dir" in line
