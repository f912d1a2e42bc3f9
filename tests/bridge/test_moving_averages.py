"""Optimizers that keep moving averages of the weights: what training, and what the rest holds."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.bridge.conftest import Arrays, build_model


@pytest.fixture
def averaging() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(optimizer=keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))


@pytest.fixture
def trained(averaging: keras.Model, endless: Any, make_estimator: Any) -> Any:
    return make_estimator(averaging).train(endless, steps=8)


def average(estimator: Any, name: str) -> Any:
    names = [n for n in estimator.get_variable_names() if n.startswith(f"optimizer/{name}/")]
    assert len(names) == 1, names
    return estimator.get_variable_value(names[0])


def test_a_checkpoint_holds_the_weights_in_training_and_their_averages(
    trained: Any, averaging: keras.Model
) -> None:
    in_training = trained.get_variable_value("iris/kernel")
    averaged = average(trained, "iris/kernel")
    assert not np.allclose(in_training, averaged, rtol=1e-3)
    np.testing.assert_array_equal(averaging.get_layer("iris").kernel, averaged)


def test_a_resumed_training_goes_on_from_the_weights_not_the_averages(
    endless: Any, make_estimator: Any
) -> None:
    results = []
    for name, steps in (("whole", [12]), ("halves", [6, 12])):
        keras.utils.set_random_seed(1)
        model = build_model(optimizer=keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
        estimator = make_estimator(model, name)
        for max_steps in steps:
            # 6 steps in, the four batches of the data stand where they stood: at the third.
            skip = 2 if max_steps == 12 and len(steps) == 2 else 0
            estimator.train(lambda skip=skip: endless().skip(skip), max_steps=max_steps)
        results.append(estimator.get_variable_value("iris/kernel"))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-6)


def test_evaluations_amid_training_see_the_averages_and_do_not_disturb_it(
    flowers: Arrays, endless: Any, input_fn: Any, trained: Any, make_estimator: Any
) -> None:
    keras.utils.set_random_seed(1)
    optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9)
    other = make_estimator(build_model(optimizer=optimizer), "other", save_checkpoints_steps=2)
    seen = []

    class Evaluating(tf.compat.v1.train.CheckpointSaverListener):
        def after_save(self, session: Any, global_step_value: int) -> None:
            seen.append(other.evaluate(input_fn)["loss"])

    other.train(endless, steps=8, saving_listeners=[Evaluating()])
    for name in ("iris/kernel", "probs/bias"):
        expected = trained.get_variable_value(name)
        np.testing.assert_array_equal(other.get_variable_value(name), expected)
    assert len(seen) == 5, "the checkpoints of the steps 0, 2, 4, 6, 8"
    assert seen[-1] == trained.evaluate(input_fn)["loss"]


def test_exports_hold_the_averages(
    flowers: Arrays, averaging: keras.Model, trained: Any, input_fn: Any, tmp_path: Path
) -> None:
    trained.evaluate(input_fn)
    served = tf.saved_model.load(trained.export_saved_model(tmp_path / "export"))
    answer = served.signatures["serving_default"](iris_input=tf.constant(flowers[0]))
    np.testing.assert_allclose(answer["probs"], averaging(flowers[0]), rtol=1e-6)
    averaged = average(trained, "probs/kernel")
    np.testing.assert_array_equal(averaging.get_layer("probs").kernel, averaged)


def test_an_estimator_that_only_predicts_uses_the_averages_too(
    trained: Any, flowers: Arrays, averaging: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    expected = averaging.predict(flowers[0], verbose=0)
    optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9)
    fresh = make_estimator(build_model(optimizer=optimizer))
    found = np.stack([p["probs"] for p in fresh.predict(input_fn)])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_before_the_first_step_there_are_none(
    averaging: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    expected = averaging.evaluate(*flowers, batch_size=30, verbose=0, return_dict=True)
    result = make_estimator(averaging).evaluate(lambda: input_fn().unbatch().batch(30))
    assert result["loss"] == pytest.approx(expected["loss"], rel=1e-6)
