"""`model.fit(..., callbacks=[RunCallback()])` is a run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerasrun import runs

pytestmark = pytest.mark.slow
X = np.linspace(0, 1, 60, dtype="float32").reshape(20, 3)
Y = X.sum(axis=1)
Scalars = Callable[[str], dict[str, list[tuple[int, float]]]]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERASRUN_ROOT", str(tmp_path))
    return tmp_path


def model(**compiled: Any) -> keras.Model:
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    settings = {"optimizer": keras.optimizers.SGD(0.1), "loss": "mse", "metrics": ["mae"]}
    made.compile(**{**settings, **compiled})
    return made


def fit(made: keras.Model, callback: keras.callbacks.Callback, **options: Any) -> Any:
    settings = {"batch_size": 5, "epochs": 3, "verbose": 0}
    return made.fit(X, Y, callbacks=[callback], **{**settings, **options})


def test_a_fit_is_a_run(root: Path, scalars: Scalars) -> None:
    history = fit(model(), runs.RunCallback(name="plain"), validation_data=(X, Y)).history
    run = runs.find_run("plain", root)
    assert (run.status.state, run.step, run.max_steps) == ("completed", 12, 12)
    assert run.params == {
        "epochs": 3,
        "steps_per_epoch": 4,
        "optimizer": "SGD",
        "learning_rate": 0.1,
    }
    train = scalars(str(run.folder))
    assert set(train) == {"loss", "mae", "global_step/sec"}
    assert [step for step, _ in train["loss"]] == [4, 8, 12]
    assert [loss for _, loss in train["loss"]] == pytest.approx(history["loss"])
    evaluated = scalars(str(run.folder / "eval"))
    assert [value for _, value in evaluated["mae"]] == pytest.approx(history["val_mae"])
    assert run.metrics["metrics"]["eval"]["loss"]["n"] == 3
    assert run.metrics["steps_per_sec"] > 0


def test_each_fit_is_a_run_of_its_own_and_steps_go_on(root: Path) -> None:
    made, callback = model(), runs.RunCallback()
    fit(made, callback)
    first = callback.run
    fit(made, callback, epochs=5, initial_epoch=3)
    assert callback.run is not None
    assert first is not None
    assert callback.run.id != first.id
    run = runs.find_run(callback.run.id, root)
    assert (run.step, run.max_steps) == (20, 20)


def test_a_fit_records_into_the_run_that_is_open(root: Path) -> None:
    with runs.start("outer", params={"learning_rate": "mine"}) as run:
        callback = runs.RunCallback()
        fit(model(), callback)
        assert callback.run is run
        assert not run.ended
        run.log({"loss": 0.5}, group="test")
    found = runs.find_run("outer", root)
    assert len(runs.list_runs(root).runs) == 1
    assert found.params["learning_rate"] == "mine"
    assert found.params["epochs"] == 3
    assert found.metrics["metrics"]["test"]["loss"]["last_step"] == 12


def test_a_run_may_be_given(root: Path) -> None:
    with runs.start("outer") as outer, runs.start("inner"):
        fit(model(), runs.RunCallback(outer))
    assert runs.find_run("outer", root).step == 12
    assert runs.find_run("inner", root).step is None
    with pytest.raises(TypeError, match="name: of a run that it begins; found a run as well"):
        runs.RunCallback(outer, name="other")


def test_a_learning_rate_that_varies_is_a_metric(root: Path, scalars: Scalars) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
    fit(model(optimizer=keras.optimizers.SGD(schedule)), runs.RunCallback())
    run = runs.find_run("@last", root)
    assert run.params["learning_rate"] == "ExponentialDecay"
    rates = scalars(str(run.folder))["learning_rate"]
    assert [step for step, _ in rates] == [4, 8, 12]
    assert [rate for _, rate in rates] == pytest.approx([0.05, 0.025, 0.0125])


def test_steps_are_updates_where_gradients_are_accumulated(root: Path) -> None:
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    fit(model(optimizer=optimizer), runs.RunCallback())
    run = runs.find_run("@last", root)
    assert (run.step, run.max_steps) == (6, 6)


def test_a_fit_that_raises_leaves_a_failed_run(root: Path) -> None:
    made, callback = model(), runs.RunCallback()

    class Breaks(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("too hot")

    with pytest.raises(RuntimeError, match="too hot"):
        made.fit(X, Y, verbose=0, callbacks=[callback, Breaks()])
    broken = callback.run
    assert broken is not None
    fit(made, callback)  # another fit: the first has not come to its end
    assert callback.run is not None
    assert runs.find_run(broken.id, root).status.state == "failed"
    assert runs.find_run(callback.run.id, root).status.state == "completed"


def test_training_by_hand_counts_its_batches(root: Path) -> None:
    class ByHand(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> dict[str, Any]:
            return {"loss": keras.ops.mean(self(data[0]))}

    made = ByHand()
    made.compile(optimizer="sgd")
    fit(made, runs.RunCallback())
    assert runs.find_run("@last", root).step == 12


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_on_other_backends(root: Path, backend: str) -> None:
    pytest.importorskip(backend)
    program = (
        "import keras, numpy as np\n"
        "from kerasrun import runs\n"
        "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "model.fit(np.ones((20, 3)), np.ones(20), batch_size=5, epochs=2, verbose=0,\n"
        "          callbacks=[runs.RunCallback()])\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=200)
    assert runs.find_run("@last", root).step == 8
