"""One program, in several processes that TF_CONFIG tells what to do."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunProgram = Callable[..., str]

PROGRAM = """
import sys
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
import keras, numpy as np, tensorflow as tf
from kerasrun import estimator as tf_estimator

model = keras.Sequential([keras.layers.Dense(1, name="net")])
model.compile("sgd", "mse")
x = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)

def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(axis=1))).batch(4)

result = tf_estimator.train_and_evaluate(
    tf_estimator.model_to_estimator(
        model, model_dir=sys.argv[1], config=tf_estimator.RunConfig(save_checkpoints_steps=5)
    ),
    tf_estimator.TrainSpec(lambda: eval_input_fn().repeat(), max_steps=10),
    tf_estimator.EvalSpec(
        eval_input_fn,
        exporters=tf_estimator.FinalExporter("final"),
        start_delay_secs=0,
        throttle_secs=0,
    ),
)
print("returned", result)
"""
CLUSTER = {"chief": ["127.0.0.1:2222"], "evaluator": ["127.0.0.1:2223"]}


def task(cluster: Any, task_type: str) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": task_type, "index": 0}})


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program, in the folder where it runs."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.slow
def test_a_chief_trains_and_an_evaluator_evaluates(
    program: Path, run_program: RunProgram, monkeypatch: pytest.MonkeyPatch, scalars: Any
) -> None:
    evaluator = subprocess.Popen(
        [sys.executable, program, "out"],
        env={**os.environ, "TF_CONFIG": task(CLUSTER, "evaluator")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    monkeypatch.setenv("TF_CONFIG", task(CLUSTER, "chief"))
    assert run_program(program, "out") == "returned None\n"
    out, err = evaluator.communicate(timeout=120)
    assert (evaluator.returncode, out) == (0, "returned None\n"), err
    tmp_path = program.parent
    assert scalars(str(tmp_path / "out"))["loss"]
    assert scalars(str(tmp_path / "out" / "eval"))["loss"][-1][0] == 10
    assert len(list(tmp_path.glob("out/export/final/*/saved_model.pb"))) == 1


@pytest.mark.slow
def test_a_master_alone_does_both(
    program: Path, run_program: RunProgram, monkeypatch: pytest.MonkeyPatch, scalars: Any
) -> None:
    monkeypatch.setenv("TF_CONFIG", task({"master": ["127.0.0.1:2222"]}, "master"))
    assert run_program(program, "out") == "returned None\n"
    tmp_path = program.parent
    assert [step for step, _ in scalars(str(tmp_path / "out" / "eval"))["loss"]] == [5, 10]
    assert len(list(tmp_path.glob("out/export/final/*/saved_model.pb"))) == 1
