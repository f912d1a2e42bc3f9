"""Memory stays flat over many evaluations and many trainings of one Estimator."""

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import gc, sys
from kerasrun._tensorflow_import import import_tensorflow
import_tensorflow()
import keras
import numpy as np
import tensorflow as tf
from kerasrun import estimator as tf_estimator

x = np.random.default_rng(1).random((64, 50), "float32")
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.layers.Dense(64, name="net"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])


def input_fn():
    return tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(1))).shuffle(99).batch(32)


config = tf_estimator.RunConfig(save_summary_steps=1)
estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir=sys.argv[1], config=config)
estimator.train(input_fn, steps=1)
for do, looks in (
    (lambda: estimator.evaluate(input_fn), (10, 20, 30, 40)),
    (lambda: estimator.train(input_fn, steps=1), (20, 30, 40, 80, 90, 100)),
):
    sizes = []
    for done in range(looks[-1] + 1):
        if done in looks:
            gc.collect()
            pages = int(open("/proc/self/statm").read().split()[1])
            sizes.append(pages * 4096 / 2**20)
        do()
    print(*sizes)
"""


@pytest.mark.slow
def test_it_does_not_grow(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert ended.returncode == 0, ended.stderr
    for verb, line in zip(("evaluate", "train"), ended.stdout.splitlines(), strict=True):
        sizes = [float(size) for size in line.split()]
        half = len(sizes) // 2
        # 75 KiB a training are too many; now and then the allocator gives back a few MiB.
        before, after = statistics.median(sizes[:half]), statistics.median(sizes[half:])
        assert after - before < 4.5, f"{verb}: {sizes} MiB"
