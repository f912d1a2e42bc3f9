"""Whatever is done amid a training, it goes on as if nothing had been."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import build_model


class Amid(tf_estimator.SessionRunHook):
    """Does something after each step."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self._do = do

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._do()


class Sampling(keras.layers.Layer):
    """Draws random numbers in inference too, as a variational autoencoder does."""

    def __init__(self) -> None:
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(3)

    def call(self, inputs: Any) -> Any:
        noise = keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)
        return inputs + 0.3 * noise


def sampling_model() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(Sampling(), keras.layers.BatchNormalization())


def test_what_is_done_between_steps_leaves_no_trace(
    endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    """One thing after each step, each of them twice."""
    model = sampling_model()
    estimator = make_estimator(model, save_checkpoints_steps=3)
    other = make_estimator(model, "other")
    oldest = f"{estimator.model_dir}/model.ckpt-0"
    deeds: list[Callable[[], Any]] = [
        lambda: estimator.evaluate(input_fn),
        lambda: estimator.evaluate(input_fn, checkpoint_path=oldest),
        lambda: estimator.evaluate_in_memory(input_fn),
        lambda: list(estimator.predict(input_fn)),
        lambda: estimator.export_saved_model(f"{estimator.model_dir}/export"),
        lambda: other.evaluate(input_fn),
    ]
    left = iter(2 * deeds)
    estimator.train(endless, hooks=[Amid(lambda: next(left)())], max_steps=12)
    assert next(left, None) is None
    undisturbed = make_estimator(sampling_model(), "undisturbed").train(endless, max_steps=12)
    assert estimator.get_variable_value("global_step") == 12
    for name in undisturbed.get_variable_names():
        found, expected = (one.get_variable_value(name) for one in (estimator, undisturbed))
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_between_checkpoints_the_newest_is_evaluated_not_the_weights_under_way(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=2)
    results: list[dict[str, Any]] = []
    hook = Amid(lambda: results.append(estimator.evaluate(input_fn)))
    estimator.train(endless, hooks=[hook], max_steps=3)
    assert [int(result["global_step"]) for result in results] == [0, 2, 2]
    assert results[1] == results[2]


def test_predictions_that_began_amid_training_are_those_of_their_checkpoint(
    model: keras.Model, flowers: Any, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=2)
    predicted: list[Any] = []
    expected: list[np.ndarray[Any, Any]] = []

    def begin_at_the_second_save() -> None:
        if not predicted and estimator.latest_checkpoint().endswith("-2"):
            expected.append(model(flowers[0]).numpy())
            predicted.append(estimator.predict(input_fn))
            predicted.append(next(predicted[0]))

    estimator.train(endless, hooks=[Amid(begin_at_the_second_save)], max_steps=8)
    found = np.stack([p["probs"] for p in [predicted[1], *predicted[0]]])
    np.testing.assert_allclose(found, expected[0], rtol=1e-5)


def test_a_training_that_failed_is_over(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    def fail() -> None:
        raise RuntimeError("on purpose")

    estimator = make_estimator(model)
    expected = estimator.evaluate(input_fn)
    with pytest.raises(RuntimeError, match="on purpose"):
        estimator.train(endless, hooks=[Amid(fail)])
    assert estimator.evaluate(input_fn) == expected


class Least(keras.metrics.Metric):
    """The least label so far, which begins far above all."""

    def __init__(self, name: str = "least") -> None:
        super().__init__(name=name)
        self.least = self.add_weight(shape=(), name="least", initializer=_far_above)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        lowest = keras.ops.cast(keras.ops.min(y_true), "float32")
        self.least.assign(keras.ops.minimum(self.least, lowest))

    def result(self) -> Any:
        return self.least

    def reset_state(self) -> None:
        self.least.assign(1e9)


def _far_above(shape: Any, dtype: Any = None) -> Any:
    return tf.fill(shape, 1e9)


def test_a_metric_that_is_new_at_a_resume_begins_where_it_begins(
    input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    make_estimator(build_model()).train(input_fn)
    estimator = make_estimator(build_model(metrics=[Least()]), save_summary_steps=1)
    estimator.train(lambda: input_fn().skip(2))
    assert [value for _, value in scalars(estimator.model_dir)["least"]] == [1.0, 2.0]
