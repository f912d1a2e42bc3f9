"""However the steps are run, the training is the same: loops, summaries amid a call, choices."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.loop_choice import LoopChoice
from kerasrun.bridge.loop_tuning import LoopTuner
from kerasrun.bridge.observer import Observer
from tests.bridge.conftest import build_model

InputFn = Callable[[], tf.data.Dataset]
Make = Callable[..., tf_estimator.Estimator]


class Choices(Observer):
    def __init__(self) -> None:
        self.heard: list[LoopChoice] = []

    def loop_chosen(self, choice: LoopChoice) -> None:
        self.heard.append(choice)


@pytest.fixture
def long_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every loop is tried, as in a training of hours."""
    monkeypatch.setattr(LoopTuner, "_pays", lambda *_: True)
    monkeypatch.setattr(LoopTuner, "_is_large", lambda *_: False)


def weights(estimator: tf_estimator.Estimator) -> dict[str, np.ndarray[Any, Any]]:
    return {name: estimator.get_variable_value(name) for name in estimator.get_variable_names()}


def assert_same(one: dict[str, Any], other: dict[str, Any], tolerance: float) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, rtol=tolerance, atol=tolerance, err_msg=name)


def trained(
    make: Make, input_fn: InputFn, folder: str, steps: int, **settings: Any
) -> tuple[tf_estimator.Estimator, Choices]:
    keras.utils.set_random_seed(1)
    estimator = make(build_model(), model_dir=folder, **settings)
    choices = Choices()
    estimator.add_observer(choices)
    estimator.train(input_fn, max_steps=steps)
    return estimator, choices


def points(estimator: tf_estimator.Estimator, read: Any) -> dict[str, dict[int, float]]:
    found = read(estimator.model_dir)
    for tag, values in found.items():
        steps = [step for step, _ in values]
        assert steps == sorted(set(steps)), f"{tag} has a point twice"
    assert all(rate > 0 for _, rate in found.get("global_step/sec", ()))
    return {tag: dict(values) for tag, values in found.items() if tag != "global_step/sec"}


def unknown_size(input_fn: InputFn) -> InputFn:
    return lambda: input_fn().filter(lambda *_: True)


@pytest.mark.parametrize("size", ["endless", "unknown"])
def test_all_loops_train_the_same_with_a_short_batch_in_each_epoch(
    input_fn: InputFn, make_estimator: Make, long_training: None, scalars: Any, size: str
) -> None:
    def repeated() -> tf.data.Dataset:
        return input_fn().repeat(None if size == "endless" else 300)

    data = unknown_size(repeated) if size == "unknown" else repeated
    settings = {"save_checkpoints_steps": 500, "save_summary_steps": 7}
    settings["log_step_count_steps"] = 7
    plain, _ = trained(make_estimator, data, "plain", 1200, jit_compile=False, **settings)
    tuned, choices = trained(make_estimator, data, "tuned", 1200, **settings)
    others = [tuned]
    if size == "unknown":  # the compiled step is the same for all three
        xla, forced = trained(make_estimator, data, "xla", 1200, jit_compile=True, **settings)
        assert [choice.loop for choice in forced.heard] == ["xla"]
        others.append(xla)

    assert set(choices.heard[-1].secs_per_step) == {"graph", "one thread", "xla"}
    # Each candidate is timed beside the best so far: figures of other moments say nothing.
    first, last = (one for one in choices.heard if one.why == "the fastest")
    assert first.loop == min(first.secs_per_step, key=first.secs_per_step.__getitem__)
    assert last.loop in (first.loop, "xla")
    assert last.secs_per_step[last.loop] <= last.secs_per_step["xla"]
    for other in others:
        assert_same(weights(plain), weights(other), 1e-4)
        expected, found = points(plain, scalars), points(other, scalars)
        assert found.keys() == expected.keys()
        for tag, values in expected.items():
            assert list(found[tag]) == list(values) == list(range(1, 1201, 7))
            np.testing.assert_allclose(list(found[tag].values()), list(values.values()), atol=2e-3)


def test_how_many_steps_a_call_takes_changes_no_bit(endless: InputFn, make_estimator: Make) -> None:
    many, _ = trained(make_estimator, endless, "many", 150)
    stepwise, _ = trained(make_estimator, endless, "stepwise", 150, steps_per_loop=3)
    assert_same(weights(many), weights(stepwise), 0)


def test_a_short_training_tries_nothing(endless: InputFn, make_estimator: Make) -> None:
    _, choices = trained(make_estimator, endless, "short", 50)
    assert [(one.loop, one.secs_per_step) for one in choices.heard] == [("graph", {})]
    assert "longer than it saves" in choices.heard[0].why


@pytest.mark.parametrize("jit_compile", [True, False])
def test_a_loss_that_is_nan_ends_the_training_at_its_step(
    flowers: Any, make_estimator: Make, tmp_path: Path, *, jit_compile: bool
) -> None:
    """XLA clips a NaN away; the weights tell of it then."""
    features, labels = np.repeat(flowers[0], 20, axis=0), np.repeat(flowers[1], 20)
    features[300:308] = np.nan
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax", name="iris")])
    model.compile("sgd", "sparse_categorical_crossentropy")

    def data() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(({"iris_input": features}, labels)).batch(8)

    estimator = make_estimator(model, save_checkpoints_steps=10, jit_compile=jit_compile)
    with pytest.raises(tf_estimator.NanLossDuringTrainingError, match="at step 38"):
        estimator.train(data, max_steps=70)
    latest = tf.train.latest_checkpoint(str(tmp_path / "model_dir"))
    assert str(latest).endswith("-30")


def test_steps_per_loop_is_the_most_a_call_takes(
    endless: InputFn, make_estimator: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasrun.bridge.loop import Running

    taken: list[int] = []
    run = Running.run_up_to

    def noting(self: Running, *arguments: Any) -> Any:
        ran = run(self, *arguments)
        taken.append(ran.steps)
        return ran

    monkeypatch.setattr(Running, "run_up_to", noting)
    trained(make_estimator, endless, "few", 100, steps_per_loop=4)
    assert max(taken) == 4
    assert sum(taken) == 100


def test_what_xla_cannot_compile_is_left_to_the_graph(
    endless: InputFn, make_estimator: Make, long_training: None, caplog: pytest.LogCaptureFixture
) -> None:
    class Rounded(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            shape = x.shape
            rounded = tf.numpy_function(np.round, [tf.stop_gradient(x)], tf.float32)
            return x + tf.ensure_shape(rounded, shape)

    caplog.set_level(logging.INFO, "tensorflow")
    estimator = make_estimator(build_model(Rounded()))
    choices = Choices()
    estimator.add_observer(choices)
    estimator.train(endless, max_steps=900)
    assert "xla" not in choices.heard[-1].secs_per_step
    assert "The loop 'xla' cannot run this step" in caplog.text

    asked = make_estimator(build_model(Rounded()), model_dir="asked", jit_compile=True)
    with pytest.raises(ValueError, match=r"RunConfig\(jit_compile=True\): XLA cannot compile"):
        asked.train(endless, max_steps=10)


def test_text_among_the_features_keeps_xla_away(
    input_fn: InputFn, make_estimator: Make, long_training: None
) -> None:
    def data() -> tf.data.Dataset:
        return input_fn().repeat().map(lambda x, y: ({**x, "id": tf.as_string(y)}, y))

    _, choices = trained(make_estimator, data, "text", 900)
    assert set(choices.heard[-1].secs_per_step) == {"graph", "one thread"}
    with pytest.raises(ValueError, match="dense tensors of numbers only"):
        trained(make_estimator, data, "asked", 10, jit_compile=True)


@pytest.mark.parametrize("layer", ["dropout", "noise"])
def test_random_layers_draw_the_same_numbers_in_every_loop(
    endless: InputFn, make_estimator: Make, long_training: None, layer: str
) -> None:
    """XLA draws others, so it is left out."""

    def run(folder: str, **settings: Any) -> tuple[tf_estimator.Estimator, Choices]:
        keras.utils.set_random_seed(1)
        random = keras.layers.Dropout(0.4) if layer == "dropout" else keras.layers.GaussianNoise(1)
        estimator = make_estimator(build_model(random), model_dir=folder, **settings)
        choices = Choices()
        estimator.add_observer(choices)
        estimator.train(endless, max_steps=900)
        return estimator, choices

    plain, _ = run("plain", jit_compile=False)
    tuned, choices = run("tuned")
    assert set(choices.heard[-1].secs_per_step) == {"graph", "one thread"}
    assert_same(weights(plain), weights(tuned), 1e-4)


def test_a_metric_of_the_users_own_is_read_between_calls(
    endless: InputFn, make_estimator: Make, long_training: None, scalars: Any
) -> None:
    """Its `reset_state` is Python code, which a graph would run once."""
    resets: list[int] = []

    class Counted(keras.metrics.Mean):
        def reset_state(self) -> None:
            resets.append(1)
            super().reset_state()

        def update_state(self, y: Any, p: Any, sample_weight: Any = None) -> None:
            super().update_state(1.0)

    keras.utils.set_random_seed(1)
    estimator = make_estimator(build_model(metrics=[Counted(name="ones")]), save_summary_steps=50)
    before = len(resets)
    estimator.train(endless, max_steps=401)
    assert points(estimator, scalars)["ones"] == dict.fromkeys(range(1, 402, 50), 1.0)
    assert len(resets) - before >= 9


def test_evaluations_have_one_result_whatever_the_loop(
    endless: InputFn, input_fn: InputFn, make_estimator: Make, long_training: None
) -> None:
    estimator, _ = trained(make_estimator, endless, "one", 20)
    results = [estimator.evaluate(lambda: input_fn().repeat(100)) for _ in range(3)]
    assert results[0] == results[1] == results[2]


def test_a_call_that_ends_where_a_summary_is_due_writes_it_once(
    endless: InputFn, make_estimator: Make, scalars: Any
) -> None:
    """Each checkpoint here is at the step of a summary."""
    settings = {"save_summary_steps": 5, "log_step_count_steps": 5}
    estimator, _ = trained(
        make_estimator, endless, "both", 11, jit_compile=True, save_checkpoints_steps=1, **settings
    )
    assert list(points(estimator, scalars)["loss"]) == [1, 6, 11]


PROGRAM = """
import tensorflow as tf
tf.config.threading.set_inter_op_parallelism_threads(1)
import keras, sys
from kerasrun import estimator as tf_estimator
from kerasrun.bridge.loop_tuning import LoopTuner

LoopTuner._pays = lambda *_: True
data = tf.random.normal([512, 256])
model = keras.Sequential([keras.Input((256,), name="x"), keras.layers.Dense(256)])
model.compile("sgd", "mse")
estimator = tf_estimator.model_to_estimator(model, model_dir=sys.argv[1])
batches = tf.data.Dataset.from_tensor_slices(({"x": data}, data)).batch(128).cache().repeat()
estimator.train(lambda: batches, max_steps=300)
"""


@pytest.mark.slow
def test_a_machine_of_one_core_trains(tmp_path: Path) -> None:
    """The loop and the threads that read its data have one thread between them."""
    subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], check=True, timeout=60)
    assert (tmp_path / "model.ckpt-300.index").exists()
