"""A machine that is taken away sends SIGTERM: the run saves, ends in time, and goes on later."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.reliability.kills.comparison import Comparison
from tests.reliability.kills.victim import Victim

# A step, and an evaluation's batch, of about a quarter of a second.
MODEL = """
import time

import keras
import numpy as np
import tensorflow as tf

from kerasrun import estimator as tf_estimator

x = np.random.default_rng(1).random((32, 4)).astype("float32")
run_config = tf_estimator.RunConfig(
    save_checkpoints_steps=4, save_summary_steps=1, deterministic=True
)


def build_model():
    model = keras.Sequential(
        [keras.layers.Dense(8, name="net"), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


class Slow:
    def __init__(self, batches):
        self.batches = batches

    def __call__(self):
        def wait(features, label):
            time.sleep(0.25)
            return features, label

        def slowly(features, label):
            waited = tf.numpy_function(wait, [features["net_input"], label], [tf.float32] * 2)
            x, y = tf.ensure_shape(waited[0], [8, 4]), tf.ensure_shape(waited[1], [8])
            return {"net_input": x}, y

        examples = tf.data.Dataset.from_tensor_slices(({"net_input": x}, x.sum(1))).repeat()
        return examples.batch(8).map(slowly).take(self.batches)


train_spec = tf_estimator.TrainSpec(Slow(1000), max_steps=6)
eval_spec = tf_estimator.EvalSpec(
    Slow(6), steps=None, throttle_secs=0, exporters=tf_estimator.LatestExporter("latest")
)
"""


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "slow.py"
    path.write_text(MODEL)
    return path


@pytest.fixture(scope="module")
def unbroken(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    run = Victim(tmp_path_factory.mktemp("unbroken") / "runs", model_file)
    assert run.finish() == 0, run.output
    return run


def wait_for(what: str, victim: Victim) -> None:
    deadline = time.monotonic() + 60
    while not list(victim.folder.glob(what)) and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.slow
def test_it_saves_and_ends_within_its_grace(
    model_file: Path, unbroken: Victim, tmp_path: Path
) -> None:
    victim = Victim(tmp_path / "runs", model_file)
    victim.start()
    wait_for("model.ckpt-0.index", victim)
    time.sleep(0.3)
    assert_stopped(victim, supervisor=True)
    assert victim.step is not None
    assert 0 < victim.step < 4, "amid training: what was done is saved"
    victim.start()
    wait_for("model.ckpt-4.index", victim)
    time.sleep(0.6)
    assert_stopped(victim, supervisor=False)
    assert victim.step == 4, "amid the evaluation of that checkpoint"
    assert victim.finish() == 0, victim.output
    assert Comparison(unbroken.folder, victim.folder).differences == []


def assert_stopped(victim: Victim, *, supervisor: bool) -> None:
    """Sends SIGTERM; the command ends in time, and the record says how."""
    asked = time.monotonic()
    victim.send(signal.SIGTERM, supervisor=supervisor, worker=not supervisor)
    assert victim.ended() == 143, victim.output
    assert time.monotonic() - asked < 20  # platforms give 30
    outcome = json.loads((victim.folder / "exit.json").read_text())
    assert (outcome["status"], outcome["reason"]) == ("stopped", "SIGTERM")
