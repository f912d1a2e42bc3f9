"""One program, in several processes that TF_CONFIG tells what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.distribute.conftest import addresses, start_python

RunProgram = Callable[..., str]

PROGRAM = """
import sys
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
from kerasrun import estimator as tf_estimator
import keras, numpy as np, tensorflow as tf

keras.utils.set_random_seed(1)
model = keras.Sequential([keras.layers.Dense(1, name="net")])
model.compile("sgd", "mse")
x = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)

def eval_input_fn():
    return tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(axis=1))).batch(4)

result = tf_estimator.train_and_evaluate(
    tf_estimator.model_to_estimator(
        model,
        model_dir=sys.argv[1],
        config=tf_estimator.RunConfig(save_checkpoints_steps=5, save_summary_steps=1),
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


def task(cluster: Any, task_type: str) -> dict[str, str]:
    task = {"type": task_type, "index": 0}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program, in the folder where it runs."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.slow
def test_a_cluster_goes_the_way_of_one_process(
    program: Path, run_program: RunProgram, monkeypatch: pytest.MonkeyPatch, scalars: Any
) -> None:
    monkeypatch.setenv(*task({"master": ["127.0.0.1:2222"]}, "master").popitem())
    assert run_program(program, "alone") == "returned None\n"
    chief, worker = addresses(2)
    cluster = {"chief": [chief], "worker": [worker]}
    logs = {name: program.with_name(f"{name}.log") for name in ("chief", "worker", "evaluator")}
    started = [
        start_python([program, "out"], log, **task(cluster, name)) for name, log in logs.items()
    ]
    try:
        codes = [process.wait(120) for process in started]
    finally:
        for process in started:
            process.kill()
    assert codes == [0, 0, 0], "".join(log.read_text()[-2000:] for log in logs.values())
    assert all("returned None\n" in log.read_text() for log in logs.values())
    alone, out = (program.with_name(name) for name in ("alone", "out"))
    # A summary at every step; only one process writes them.
    ours, theirs = (scalars(str(folder))["loss"] for folder in (out, alone))
    assert [step for step, _ in ours] == list(range(1, 11))
    assert [loss for _, loss in ours] == pytest.approx([loss for _, loss in theirs], abs=1e-6)
    assert len(list(out.glob("events.out.tfevents.*"))) == 1
    # The evaluator may have passed over the first checkpoint; it evaluates the last as it is.
    assert scalars(str(alone / "eval"))["loss"][-1] == (
        10,
        pytest.approx(scalars(str(out / "eval"))["loss"][-1][1], abs=1e-6),
    )
    assert [step for step, _ in scalars(str(alone / "eval"))["loss"]] == [5, 10]
    for folder in (alone, out):
        assert len(list(folder.glob("export/final/*/saved_model.pb"))) == 1
