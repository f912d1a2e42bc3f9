"""What of a Keras model an Estimator takes over, and what its folder says instead."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, build_model


def predicted(estimator: Any, input_fn: Any) -> np.ndarray[Any, Any]:
    return np.stack([p["probs"] for p in estimator.predict(input_fn)])


def test_without_a_checkpoint_the_models_own_weights_count_at_step_0(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    model.fit(*flowers, verbose=0)
    expected = model(flowers[0]).numpy()
    estimator = make_estimator(model)
    np.testing.assert_allclose(predicted(estimator, input_fn), expected, rtol=1e-6)
    assert estimator.evaluate(input_fn)["global_step"] == 0
    assert estimator.latest_checkpoint() is None, "nothing but training saves"


def test_a_checkpoint_wins_over_the_models_weights(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    first = make_estimator(build_model()).train(input_fn)
    trained = predicted(first, input_fn)
    other = build_model()
    other.fit(*flowers, epochs=2, verbose=0)
    second = make_estimator(other)
    np.testing.assert_allclose(predicted(second, input_fn), trained, rtol=1e-6)
    assert second.train(input_fn, steps=1).evaluate(input_fn)["global_step"] == 5


def test_before_any_checkpoint_each_conversion_brings_its_own_weights(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    """tf.estimator kept those of the first in `model_dir/keras`."""
    models = [build_model() for _ in range(2)]
    for each in models:
        each(flowers[0])
    first, second = (make_estimator(each) for each in models)
    assert first.model_dir == second.model_dir
    np.testing.assert_allclose(predicted(second, input_fn), models[1](flowers[0]), rtol=1e-6)
    assert not (Path(second.model_dir) / "keras").exists()


def test_a_used_folder_may_be_asked_in_any_order(input_fn: Any, make_estimator: Any) -> None:
    """In tf.estimator a prediction first broke training and evaluation after it."""
    make_estimator(build_model()).train(input_fn)
    again = make_estimator(build_model())
    assert predicted(again, input_fn).shape == (30, 3)
    assert again.evaluate(input_fn)["global_step"] == 4
    assert again.train(input_fn).evaluate(input_fn)["global_step"] == 8


def test_other_models_of_the_process_are_left_alone(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    bystander = build_model()
    before = bystander.predict(flowers[0], verbose=0)
    make_estimator(model).train(input_fn)
    np.testing.assert_array_equal(bystander.predict(flowers[0], verbose=0), before)
    bystander.fit(*flowers, verbose=0)


def test_a_schedule_follows_the_global_step_across_restarts(
    flowers: Arrays, endless: Any, make_estimator: Any
) -> None:
    def scheduled() -> keras.Model:
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.5, 0.0])
        keras.utils.set_random_seed(1)
        return build_model(optimizer=keras.optimizers.SGD(rate))

    fitted = scheduled()
    fitted.fit(*flowers, epochs=2, batch_size=10, verbose=0)
    assert int(fitted.optimizer.iterations) >= 6
    fitted_weights = [np.array(weight) for weight in fitted.get_weights()]
    estimator = make_estimator(fitted).train(endless, max_steps=2)
    moved = zip(fitted.get_weights(), fitted_weights, strict=True)
    assert any((new != old).any() for new, old in moved), "a fit before counts 0"
    for steps, still in ((5, False), (8, True)):
        before = [np.array(weight) for weight in fitted.get_weights()]
        estimator = make_estimator(fitted).train(endless, max_steps=steps)
        same = [(a == b).all() for a, b in zip(fitted.get_weights(), before, strict=True)]
        assert all(same) == still, f"at {steps} steps in all"
    assert estimator.get_variable_value("optimizer/iteration") == 8


class Subclassed(keras.Model):
    """A model without a graph of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.head = keras.layers.Dense(3, activation="softmax")

    def call(self, inputs: Any) -> Any:
        return self.head(inputs["iris_input"])


def test_the_weights_of_a_subclassed_model_carry_over(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    """tf.estimator refused such models, or began them anew."""
    model = Subclassed()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(input_fn(), shuffle=False, verbose=0)
    expected = model.evaluate(input_fn(), verbose=0, return_dict=True)
    result = make_estimator(model).evaluate(input_fn)
    assert result["accuracy"] == pytest.approx(expected["accuracy"])
    assert make_estimator(model).train(input_fn).evaluate(input_fn)["global_step"] == 4


def test_statistics_move_in_training_only(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    model = build_model(keras.layers.BatchNormalization(name="norm"), keras.layers.Dropout(0.5))
    estimator = make_estimator(model).train(input_fn, steps=2)
    mean = np.array(model.get_layer("norm").moving_mean)
    assert (mean != 0).any()
    assert estimator.evaluate(input_fn) == estimator.evaluate(input_fn), "no dropout either"
    np.testing.assert_array_equal(predicted(estimator, input_fn), predicted(estimator, input_fn))
    np.testing.assert_array_equal(model.get_layer("norm").moving_mean, mean)


class Penalty(keras.layers.Layer):
    """Adds 100 to the loss."""

    def call(self, inputs: Any) -> Any:
        self.add_loss(100.0 + 0.0 * keras.ops.sum(inputs))
        return inputs


def test_added_losses_and_regularisers_are_in_the_loss(input_fn: Any, make_estimator: Any) -> None:
    class Ten(keras.regularizers.Regularizer):
        def __call__(self, x: Any) -> Any:
            return 10.0 + 0.0 * keras.ops.sum(x)

    keras.utils.set_random_seed(1)
    plain = make_estimator(build_model(), "plain").evaluate(input_fn)
    keras.utils.set_random_seed(1)
    model = build_model(Penalty(), keras.layers.Dense(5, kernel_regularizer=Ten()))
    result = make_estimator(model, "more").evaluate(input_fn)
    assert 110 < result["loss"] < 110 + plain["loss"] + 5
    assert set(result) == {"accuracy", "loss", "global_step"}


@pytest.mark.parametrize("checkpoint_format", ["checkpoint", "saver", None])
def test_both_checkpoint_formats_write_the_same_files(
    input_fn: Any, tmp_path: Path, checkpoint_format: Any
) -> None:
    estimator = tf_estimator.model_to_estimator(
        build_model(), model_dir=tmp_path, checkpoint_format=checkpoint_format
    ).train(input_fn)
    assert estimator.latest_checkpoint() == str(tmp_path / "model.ckpt-4")
    assert "iris/kernel" in estimator.get_variable_names()


def test_another_checkpoint_format_is_refused(model: keras.Model) -> None:
    with pytest.raises(ValueError, match=r"received 'save'. Did you mean 'saver'\?"):
        tf_estimator.model_to_estimator(model, checkpoint_format="save")


def test_an_empty_model_dir_is_none_and_a_path_becomes_a_string(
    model: keras.Model, tmp_path: Path
) -> None:
    estimator = tf_estimator.model_to_estimator(model, model_dir=tmp_path)
    assert estimator.model_dir == estimator.config.model_dir == str(tmp_path)
    temporary = tf_estimator.model_to_estimator(model, model_dir="").model_dir
    assert Path(temporary).is_dir()
    Path(temporary).rmdir()


def test_a_model_is_converted_in_a_cluster_too(
    model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = {"master": ["localhost:1"], "worker": ["localhost:2"], "ps": ["localhost:3"]}
    task = {"cluster": cluster, "task": {"type": "master", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))
    estimator = tf_estimator.model_to_estimator(model, model_dir=tmp_path)
    assert estimator.config.task_type == "master"
    assert estimator.config.is_chief
