"""Two processes on one `model_dir`: the second is refused, and told by whom."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """
import sys, time
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
import keras
import numpy as np
import tensorflow as tf
from kerasrun import estimator as tf_estimator

x = np.ones((8, 3), "float32")
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.layers.Dense(1, name="net")])
model.compile("sgd", "mse")


def input_fn():
    return tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(1))).batch(4).repeat()


class Wait(tf_estimator.SessionRunHook):
    def after_run(self, context, values):
        print("at work", flush=True)
        sys.stdin.readline()


estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir=sys.argv[1])
hooks = [Wait()] if sys.argv[2] == "wait" else []
try:
    estimator.train(input_fn, hooks=hooks, steps=1)
    print("trained to", estimator.get_variable_value("global_step"))
except Exception as error:
    print(f"{type(error).__name__}: {error}")
    print("evaluated", estimator.evaluate(input_fn, steps=1)["global_step"])
"""


def start(program: Path, folder: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, program, folder, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


@pytest.mark.slow
def test_the_second_training_is_refused_and_may_evaluate(
    tmp_path: Path, run_program: Callable[..., str]
) -> None:
    folder, program = tmp_path / "model_dir", tmp_path / "program.py"
    program.write_text(PROGRAM)
    first = start(program, folder, "wait")
    assert first.stdout is not None
    assert first.stdout.readline() == "at work\n"
    said = run_program(program, str(folder), "go")
    assert "ModelDirInUseError: Another training is at work in this model_dir" in said
    assert f"is held by process {first.pid} on host {os.uname().nodename}" in said
    assert "evaluated 0" in said
    out, _ = first.communicate("go on\n", timeout=120)
    assert "trained to 1" in out
    assert "trained to 2" in run_program(program, str(folder), "go")
