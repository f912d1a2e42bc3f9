"""What TensorBoard is given: exact steps, the same tags in training and evaluation."""

from typing import Any

import keras
import pytest

from tests.bridge.conftest import build_model


def test_tags_and_steps(
    model: keras.Model, endless: Any, make_estimator: Any, scalars: Any
) -> None:
    estimator = make_estimator(model, save_summary_steps=5, log_step_count_steps=10)
    written = scalars(estimator.train(endless, max_steps=23).model_dir)
    steps = {tag: [step for step, _ in points] for tag, points in written.items()}
    assert steps == {
        "loss": [1, 6, 11, 16, 21],
        "accuracy": [1, 6, 11, 16, 21],
        "global_step/sec": [11, 21],
    }
    assert all(value > 0 for _, value in written["global_step/sec"])


def test_values_are_averages_since_the_point_before(
    endless: Any, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    """At learning rate 0 the batches' losses are those of the untouched model."""
    model = build_model(optimizer=keras.optimizers.SGD(0.0))
    estimator = make_estimator(model, save_summary_steps=2)
    estimator.train(endless, max_steps=5)
    losses = [model.evaluate(x["iris_input"], y, verbose=0)[0] for x, y in input_fn()]
    expected = [losses[0], (losses[1] + losses[2]) / 2, (losses[3] + losses[0]) / 2]
    found = [value for _, value in scalars(estimator.model_dir)["loss"]]
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("off", [0, None])
def test_they_can_be_turned_off(
    model: keras.Model, endless: Any, make_estimator: Any, off: int | None
) -> None:
    import os

    estimator = make_estimator(model, save_summary_steps=off, log_step_count_steps=None)
    estimator.train(endless, max_steps=3)
    assert not [name for name in os.listdir(estimator.model_dir) if "tfevents" in name]


def test_after_a_resume_no_step_comes_twice_and_none_is_missing(
    model: keras.Model, endless: Any, make_estimator: Any, scalars: Any
) -> None:
    settings = {"save_summary_steps": 3, "log_step_count_steps": 3}
    for max_steps in (5, 6, 11):
        make_estimator(model, **settings).train(endless, max_steps=max_steps)
    written = scalars(make_estimator(model).model_dir)
    assert [step for step, _ in written["loss"]] == [1, 4, 7, 10]
    assert [step for step, _ in written["global_step/sec"]] == [4, 7, 10]
