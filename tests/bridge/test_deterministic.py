"""`RunConfig(deterministic=True)`: two trainings of a program end with the same bits."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.bridge.loop_tuning import LoopTuner

PROGRAM = """
import hashlib, sys
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
import keras, numpy as np, tensorflow as tf
from kerasrun import estimator as tf_estimator
from kerasrun.bridge import loop_tuning

loop_tuning.LoopTuner._pays = lambda *_: True  # as in a training of hours
keras.utils.set_random_seed(1)
ids = keras.Input([3], dtype="int32", name="ids")
found = keras.layers.Flatten()(keras.layers.Embedding(2000, 16)(ids))
found = keras.layers.Dropout(0.3)(keras.layers.Dense(32, "relu")(found))
model = keras.Model(ids, keras.layers.Dense(1)(found))
model.compile(keras.optimizers.Adam(0.01), "mse")

def input_fn():
    chance = np.random.default_rng(1)
    x, y = chance.integers(0, 2000, (512, 3)), chance.random((512, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices(({"ids": x}, y)).shuffle(512)
    noise = lambda x, y: (x, y + tf.random.uniform([1]))
    return data.map(noise, num_parallel_calls=4).batch(32).repeat()

settings = {"deterministic": True} if sys.argv[2] == "True" else {}
config = tf_estimator.RunConfig(**settings)
estimator = tf_estimator.model_to_estimator(model, model_dir=sys.argv[1], config=config)
estimator.train(input_fn, max_steps=300)
values = [estimator.get_variable_value(name) for name in estimator.get_variable_names()]
print(hashlib.sha256(b"".join(np.asarray(value).tobytes() for value in values)).hexdigest())
"""


def trained(program: Path, folder: Path) -> str:
    """Trains in a process of its own; returns a hash of all that a checkpoint holds."""
    command = [sys.executable, str(program), str(folder), "True"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_two_processes_end_with_the_same_bits(
    tmp_path: Path, run_program: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random numbers without a seed, a parallel input and a table among it all."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    one, other = (trained(program, tmp_path / name) for name in ("a", "b"))
    assert one == other
    monkeypatch.setattr(LoopTuner, "_pays", LoopTuner._pays)  # the program's own is undone
    assert run_program(program, str(tmp_path / "c"), "False").strip() != one
