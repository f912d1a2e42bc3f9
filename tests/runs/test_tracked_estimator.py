"""An Estimator that trains within `runs.start`: both say their last word at SIGTERM."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasrun import runs

PROGRAM = """
import sys
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
import keras, numpy as np, tensorflow as tf
from kerasrun import estimator as tf_estimator, runs

x = np.random.default_rng(1).random((32, 4), "float32")
model = keras.Sequential([keras.layers.Dense(4, name="net"), keras.layers.Dense(1)])
model.compile("sgd", "mse")
data = lambda: tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(1))).repeat().batch(8)
config = tf_estimator.RunConfig(save_checkpoints_steps=10**9)
with runs.start("mine", root=sys.argv[1]) as run:
    estimator = tf_estimator.model_to_estimator(model, model_dir=sys.argv[2], config=config)
    estimator.train(data, max_steps=10**9)
"""


@pytest.mark.slow
def test_sigterm_saves_a_checkpoint_and_stops_the_run(tmp_path: Path) -> None:
    root, model_dir = tmp_path / "runs", tmp_path / "out"
    command = [sys.executable, "-c", PROGRAM, str(root), str(model_dir)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 100
    while not list(model_dir.glob("events.out.tfevents.*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert str(runs.find_run("mine", root).status) == "stopped (SIGTERM)"
    steps = [int(path.stem.rpartition("-")[2]) for path in model_dir.glob("model.ckpt-*.index")]
    assert max(steps) > 0, "it was saved where it stood"
