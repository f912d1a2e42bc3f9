"""`EvalSpec(every_steps=N)`: evaluations at exact steps, whatever the checkpoint cadence."""

import json
from typing import Any

import keras
import pytest

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Recorder, build_model, plain_model


@pytest.fixture
def model() -> keras.Model:
    """What is trained does not matter here."""
    return plain_model()


def train_and_evaluate(
    estimator: Any, train_input_fn: Any, eval_input_fn: Any, max_steps: int, **spec: Any
) -> Any:
    return tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(train_input_fn, max_steps=max_steps),
        tf_estimator.EvalSpec(eval_input_fn, steps=None, **spec),
    )


def test_evaluations_come_at_every_nth_step_and_at_the_end(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=5)
    estimator.add_observer(recorder)
    train_and_evaluate(estimator, endless, input_fn, max_steps=11, every_steps=4)
    assert recorder.evaluations == [4, 8, 11]
    assert recorder.checkpoints == [0, 4, 5, 8, 10, 11], "both cadences save"


def test_a_cadence_in_seconds_does_not_matter(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    estimator = make_estimator(model)  # a checkpoint every 600 s
    estimator.add_observer(recorder)
    train_and_evaluate(estimator, endless, input_fn, max_steps=6, every_steps=3)
    assert recorder.evaluations == [3, 6]


def test_the_steps_are_counted_from_the_very_first(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, recorder: Recorder
) -> None:
    make_estimator(model).train(endless, steps=7)
    again = make_estimator(model)
    again.add_observer(recorder)
    train_and_evaluate(again, endless, input_fn, max_steps=16, every_steps=5)
    assert recorder.evaluations == [10, 15, 16], "not at 12, five steps after the start"


def test_results_do_not_depend_on_where_is_evaluated(
    endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    results = []
    for every in (2, 5):
        keras.utils.set_random_seed(1)
        estimator = make_estimator(build_model(keras.layers.Dropout(0.5)), f"every_{every}")
        result, _ = train_and_evaluate(estimator, endless, input_fn, 10, every_steps=every)
        results.append(result)
    assert results[0] == results[1]


def test_throttle_secs_does_not_apply(input_fn: Any) -> None:
    spec = tf_estimator.EvalSpec(input_fn, every_steps=10)
    assert (spec.every_steps, spec.throttle_secs) == (10, 0)
    assert tf_estimator.EvalSpec(input_fn, every_steps=10, throttle_secs=0) == spec
    assert tf_estimator.EvalSpec(input_fn).throttle_secs == 600
    with pytest.raises(ValueError, match=r"every_steps=10 and throttle_secs=600\. Leave out one"):
        tf_estimator.EvalSpec(input_fn, every_steps=10, throttle_secs=600)


@pytest.mark.parametrize("every_steps", [0, -1, 2.5, True, "10"])
def test_every_steps_is_a_whole_number_above_0(input_fn: Any, every_steps: Any) -> None:
    with pytest.raises(
        ValueError, match=r"every_steps must be a whole number above 0, .* received"
    ):
        tf_estimator.EvalSpec(input_fn, every_steps=every_steps)


def test_a_chief_saves_where_its_evaluator_will_look(
    model: keras.Model,
    endless: Any,
    input_fn: Any,
    make_estimator: Any,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = {"chief": ["host0:0"]}
    tf_config = {"cluster": cluster, "task": {"type": "chief", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(tf_config))
    estimator = make_estimator(model)
    estimator.add_observer(recorder)
    train_and_evaluate(estimator, endless, input_fn, max_steps=7, every_steps=3)
    assert (recorder.checkpoints, recorder.evaluations) == ([0, 3, 6, 7], [])
