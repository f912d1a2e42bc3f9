"""Training ends by what the evaluations found."""

from typing import Any

import keras
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import build_model

experimental = tf_estimator.experimental


@pytest.fixture
def standing_still(make_estimator: Any) -> Any:
    """An Estimator whose model learns nothing, saved and evaluated every second step."""
    model = build_model(optimizer=keras.optimizers.SGD(0.0))
    return make_estimator(model, save_checkpoints_steps=2)


def steps_trained(
    estimator: Any, hook: Any, endless: Any, input_fn: Any, max_steps: int = 14
) -> int:
    tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(endless, max_steps=max_steps, hooks=[hook]),
        tf_estimator.EvalSpec(input_fn, throttle_secs=0),
    )
    return int(estimator.get_variable_value("global_step"))


@pytest.mark.parametrize("make", ["stop_if_no_decrease_hook", "stop_if_no_increase_hook"])
@pytest.mark.parametrize(("min_steps", "stopped"), [(0, 6), (8, 12)])
def test_training_stops_when_a_metric_stands_still(
    standing_still: Any, endless: Any, input_fn: Any, make: str, min_steps: int, stopped: int
) -> None:
    hook = getattr(experimental, make)(
        standing_still, "loss", 4, min_steps=min_steps, run_every_secs=None, run_every_steps=1
    )
    assert steps_trained(standing_still, hook, endless, input_fn) == stopped


@pytest.mark.parametrize(
    ("make", "threshold", "stopped"),
    [
        ("stop_if_lower_hook", 1e9, 2),
        ("stop_if_higher_hook", 0.0, 2),
        ("stop_if_lower_hook", 0.0, 6),
        ("stop_if_higher_hook", 1e9, 6),
    ],
)
def test_training_stops_when_a_metric_crosses_a_threshold(
    standing_still: Any, endless: Any, input_fn: Any, make: str, threshold: float, stopped: int
) -> None:
    hook = getattr(experimental, make)(
        standing_still, "loss", threshold, run_every_secs=None, run_every_steps=1
    )
    assert steps_trained(standing_still, hook, endless, input_fn, max_steps=6) == stopped


def test_a_model_that_learns_is_not_stopped(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=5)
    hook = experimental.stop_if_no_decrease_hook(
        estimator, "loss", 5, run_every_secs=None, run_every_steps=1
    )
    assert steps_trained(estimator, hook, endless, input_fn) == 14


def test_patience_is_that_of_the_whole_training_across_restarts(
    standing_still: Any, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    """And a hook may be added where a training is resumed that had none."""
    tf_estimator.train_and_evaluate(
        standing_still,
        tf_estimator.TrainSpec(endless, max_steps=4),
        tf_estimator.EvalSpec(input_fn, throttle_secs=0),
    )
    again = make_estimator(
        build_model(optimizer=keras.optimizers.SGD(0.0)), save_checkpoints_steps=2
    )
    hook = experimental.stop_if_no_decrease_hook(
        again, "loss", 4, run_every_secs=None, run_every_steps=1
    )
    assert steps_trained(again, hook, endless, input_fn) == 6


def test_the_evaluations_of_another_folder_may_decide(
    standing_still: Any, endless: Any, input_fn: Any
) -> None:
    hook = experimental.stop_if_lower_hook(
        standing_still,
        "loss",
        1e9,
        eval_dir=standing_still.eval_dir("nobody"),
        run_every_secs=None,
        run_every_steps=1,
    )
    assert steps_trained(standing_still, hook, endless, input_fn) == 14


def test_a_function_is_asked_at_the_first_step_and_then_every_so_often(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    steps: list[int] = []

    def should_stop() -> bool:
        steps.append(len(steps))
        return len(steps) == 3

    hook = experimental.make_early_stopping_hook(
        estimator, should_stop, run_every_secs=None, run_every_steps=4
    )
    estimator.train(endless, hooks=[hook])
    assert estimator.get_variable_value("global_step") == 9


def test_by_time_it_is_asked_at_the_first_step_too(
    model: keras.Model, endless: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    hook = experimental.make_early_stopping_hook(estimator, lambda: True)
    estimator.train(endless, hooks=[hook])
    assert estimator.get_variable_value("global_step") == 1


def test_a_metric_that_no_evaluation_has_is_named(
    standing_still: Any, endless: Any, input_fn: Any
) -> None:
    hook = experimental.stop_if_lower_hook(
        standing_still, "acuracy", 0.1, run_every_secs=None, run_every_steps=1
    )
    with pytest.raises(KeyError, match=r"no metric 'acuracy'; they have .*'accuracy', 'loss'"):
        steps_trained(standing_still, hook, endless, input_fn)


def test_wrong_arguments_are_refused(standing_still: Any) -> None:
    make: Any = experimental.make_early_stopping_hook
    with pytest.raises(TypeError, match="estimator must be an Estimator; received 'me'"):
        make("me", lambda: True)
    with pytest.raises(TypeError, match="should_stop_fn must be a function; received 3"):
        make(standing_still, 3)
    for every in ({"run_every_steps": 5}, {"run_every_secs": None}):
        with pytest.raises(ValueError, match="run_every_secs or run_every_steps, one of them"):
            make(standing_still, lambda: True, **every)


def test_results_are_read_by_step(standing_still: Any, endless: Any, input_fn: Any) -> None:
    hook = tf.compat.v1.train.StopAtStepHook(last_step=4)
    steps_trained(standing_still, hook, endless, input_fn)
    found = experimental.read_eval_metrics(standing_still.eval_dir())
    assert list(found) == [2, 4]
    assert set(found[2]) == {"accuracy", "loss"}
