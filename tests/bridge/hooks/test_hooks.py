"""The hooks of the namespace: what they do, and that they leave the loop its speed."""

import logging
from typing import Any

import keras
import pytest
import tensorflow.compat.v1 as v1

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.loop import Running
from tests.bridge.conftest import Recorder, build_model


@pytest.fixture
def info(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="tensorflow")
    return caplog


def logged(info: pytest.LogCaptureFixture, start: str) -> list[str]:
    return [message for message in info.messages if message.startswith(start)]


def test_tensors_are_logged_every_n_iterations(
    model: keras.Model, endless: Any, make_estimator: Any, info: pytest.LogCaptureFixture
) -> None:
    hook = tf_estimator.LoggingTensorHook({"at": "global_step", "cost": "loss"}, every_n_iter=2)
    make_estimator(model).train(endless, hooks=[hook], steps=5)
    assert [line.partition(", cost = ")[0] for line in logged(info, "at =")] == [
        "at = 0",
        "at = 2",
        "at = 4",
    ]


def test_a_formatter_makes_the_line(
    model: keras.Model, endless: Any, make_estimator: Any, info: pytest.LogCaptureFixture
) -> None:
    hook = tf_estimator.LoggingTensorHook(
        ["global_step"], every_n_secs=3600, formatter=lambda values: f"step {values['global_step']}"
    )
    make_estimator(model).train(endless, hooks=[hook], steps=5)
    assert logged(info, "step ") == ["step 0"]


def test_the_end_is_logged_on_request(
    model: keras.Model, endless: Any, make_estimator: Any, info: pytest.LogCaptureFixture
) -> None:
    hook = tf_estimator.LoggingTensorHook(["global_step"], at_end=True)
    make_estimator(model).train(endless, hooks=[hook], steps=5)
    assert logged(info, "global_step =") == ["global_step = 5"]


def test_tensorflows_own_logging_hook_works(
    model: keras.Model, endless: Any, make_estimator: Any, info: pytest.LogCaptureFixture
) -> None:
    hook = v1.train.LoggingTensorHook(["loss", "global_step"], every_n_iter=2)
    make_estimator(model).train(endless, hooks=[hook], steps=4)
    assert len(logged(info, "loss = ")) >= 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: tf_estimator.LoggingTensorHook(["loss"], every_n_iter=1, every_n_secs=1),
            "every_n_iter or every_n_secs, not both",
        ),
        (lambda: tf_estimator.LoggingTensorHook(["loss"]), "needs to know when to log"),
        (lambda: tf_estimator.LoggingTensorHook(["loss"], every_n_iter=0), "above 0; received 0"),
        (lambda: tf_estimator.StopAtStepHook(), "num_steps .* or last_step .* one of them"),
        (lambda: tf_estimator.StopAtStepHook(1, 2), "received num_steps=1 and last_step=2"),
    ],
)
def test_impossible_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_hook_that_watches_few_steps_does_not_slow_the_loop(
    model: keras.Model, endless: Any, make_estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in calls of the compiled loop, not in seconds."""
    calls: list[int] = []
    run = Running.run_up_to

    def counting(self: Running, limit: int, *others: Any) -> Any:
        calls.append(limit)
        return run(self, limit, *others)

    monkeypatch.setattr(Running, "run_up_to", counting)
    estimator = make_estimator(model, save_summary_steps=None, log_step_count_steps=None)
    hooks = [
        tf_estimator.LoggingTensorHook(["loss"], every_n_iter=500),
        tf_estimator.StopAtStepHook(last_step=1000),
    ]
    estimator.train(endless, hooks=hooks)
    assert estimator.get_variable_value("global_step") == 1000
    assert len(calls) < 100


@pytest.mark.parametrize("namespace", [tf_estimator, v1.train], ids=["ours", "TensorFlow's"])
def test_a_saver_hook_takes_the_place_of_the_cadence(
    model: keras.Model, endless: Any, make_estimator: Any, recorder: Recorder, namespace: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=100)
    estimator.add_observer(recorder)
    hook = namespace.CheckpointSaverHook(estimator.model_dir, save_steps=2)
    estimator.train(endless, hooks=[hook], steps=5)
    assert recorder.checkpoints == [0, 2, 4, 5]


def test_a_saver_hook_of_another_folder_is_refused(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    hook = tf_estimator.CheckpointSaverHook("elsewhere", save_secs=5)
    with pytest.raises(ValueError, match=r"into 'elsewhere', but the .* in .*model_dir"):
        make_estimator(model).train(endless, hooks=[hook], steps=5)


def test_tensorflows_other_hooks_work(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    hooks = [
        v1.train.NanTensorHook("loss:0"),
        v1.train.StepCounterHook(every_n_steps=2, output_dir=make_estimator(model).model_dir),
        v1.train.GlobalStepWaiterHook(0),
    ]
    estimator = make_estimator(model).train(endless, hooks=hooks, steps=4)
    assert estimator.get_variable_value("global_step") == 4


def test_the_model_is_evaluated_without_checkpoints(
    endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(build_model(), save_checkpoints_secs=None)
    estimator.add_observer(recorder)
    hook = tf_estimator.experimental.InMemoryEvaluatorHook(estimator, input_fn, every_n_iter=2)
    estimator.train(endless, hooks=[hook], steps=5)
    assert recorder.evaluations == [0, 2, 4, 5]
    assert recorder.checkpoints == []


def test_an_evaluation_in_memory_does_not_disturb_the_training(
    endless: Any, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    losses = []
    for folder, watched in (("alone", False), ("watched", True)):
        keras.utils.set_random_seed(1)
        estimator = make_estimator(
            build_model(keras.layers.Dropout(0.5)), folder, save_summary_steps=3
        )
        hook = tf_estimator.experimental.InMemoryEvaluatorHook(estimator, input_fn, every_n_iter=1)
        estimator.train(endless, hooks=[hook] if watched else [], steps=7)
        losses.append(scalars(estimator.model_dir)["loss"])
    assert losses[0] == losses[1]


def test_in_memory_evaluators_arguments_are_checked(input_fn: Any, make_estimator: Any) -> None:
    make: Any = tf_estimator.experimental.InMemoryEvaluatorHook
    with pytest.raises(TypeError, match="estimator must be an Estimator; received 'me'"):
        make("me", input_fn)
    with pytest.raises(ValueError, match="every_n_iter must be above 0; received 0"):
        make(make_estimator(build_model()), input_fn, every_n_iter=0)
