"""Features find the model's inputs by name; labels its outputs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

X = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)
Y = X.sum(axis=1, keepdims=True)


def given(features: Any, labels: Any = Y) -> Callable[[], tf.data.Dataset]:
    return lambda: tf.data.Dataset.from_tensor_slices((features, labels)).batch(4)


def sequential(*before: Any) -> keras.Model:
    model = keras.Sequential([*before, keras.layers.Dense(1, name="xyz")])
    model.compile("sgd", "mse")
    return model


def two_inputs(as_dict: bool = False) -> keras.Model:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    joined = keras.layers.Concatenate()([a, b])
    model = keras.Model({"a": a, "b": b} if as_dict else [a, b], keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("model", "features"),
    [
        pytest.param(lambda: sequential(), {"xyz_input": X}, id="sequential not built"),
        pytest.param(lambda: sequential(keras.Input((3,))), {"xyz_input": X}, id="sequential"),
        pytest.param(
            lambda: sequential(keras.Input((3,), name="mine")), {"mine": X}, id="its Input's name"
        ),
        pytest.param(
            lambda: sequential(keras.Input((3,), name="mine")),
            {"xyz_input": X},
            id="or its layer's",
        ),
        pytest.param(lambda: sequential(), X, id="one input: a bare tensor"),
        pytest.param(lambda: sequential(), {"xyz_input": X, "id": Y}, id="more keys than needed"),
        pytest.param(lambda: two_inputs(), {"b": X, "a": X}, id="functional by name"),
        pytest.param(lambda: two_inputs(), (X, X), id="functional by order"),
        pytest.param(lambda: two_inputs(True), {"b": X, "a": X}, id="dict inputs by key"),
        pytest.param(lambda: two_inputs(True), (X, X), id="dict inputs by order"),
    ],
)
def test_these_features_train_the_model(
    make_estimator: Any, model: Callable[[], keras.Model], features: Any
) -> None:
    estimator = make_estimator(model())
    estimator.train(given(features))
    assert estimator.evaluate(given(features))["global_step"] == 2


def test_what_is_ignored_is_said_once(
    make_estimator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="tensorflow")
    data = given({"xyz_input": X, "id": Y})
    make_estimator(sequential()).train(data).evaluate(data)
    said = [message for message in caplog.messages if "are ignored" in message]
    assert said == ["Features that the model does not ask for are ignored: ['id']."]


def test_inputs_are_told_apart_by_name_not_by_order(make_estimator: Any) -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([a, b], keras.layers.Identity(name="out")(a))
    model.compile("sgd", "mse")
    (first, *_) = make_estimator(model).predict(given({"b": X * 0, "a": X}))
    np.testing.assert_array_equal(first["out"], X[0])


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict"])
def test_a_missing_feature_is_named_with_what_was_expected_and_given(
    make_estimator: Any, verb: str
) -> None:
    estimator = make_estimator(sequential())
    with pytest.raises(KeyError) as caught:
        list([getattr(estimator, verb)(given({"xyz_inputs": X}))][0] or [])
    assert str(caught.value) == (
        "The features lack what the model asks for. Expected keys: 'xyz_input'; given keys: "
        "'xyz_inputs'; missing: 'xyz_input'. Did you mean 'xyz_input' where 'xyz_inputs' is given?"
    )


def test_tensors_without_names_must_be_as_many_as_the_inputs(make_estimator: Any) -> None:
    with pytest.raises(ValueError, match=r"takes 2 tensors as features \('a', 'b'\); 1 were given"):
        make_estimator(two_inputs()).train(given(X))


def two_outputs() -> keras.Model:
    x = keras.Input((3,), name="x")
    outputs = [keras.layers.Dense(1, name=name)(x) for name in ("up", "down")]
    model = keras.Model(x, outputs)
    model.compile("sgd", {"up": "mse", "down": "mae"}, metrics={"up": ["mae"]})
    return model


@pytest.mark.parametrize("labels", [{"down": -Y, "up": Y}, (Y, -Y)], ids=["by name", "by order"])
def test_labels_find_the_outputs(make_estimator: Any, labels: Any) -> None:
    keras.utils.set_random_seed(3)
    model = two_outputs()
    expected = model.evaluate(X, [Y, -Y], batch_size=8, verbose=0, return_dict=True)
    result = make_estimator(model).evaluate(
        lambda: tf.data.Dataset.from_tensors(({"x": X}, labels))
    )
    assert result["loss"] == pytest.approx(expected["loss"], rel=1e-6)
    assert result["up_mae"] == pytest.approx(expected["up_mae"], rel=1e-6)


def test_a_wrong_label_name_is_an_error(make_estimator: Any) -> None:
    with pytest.raises(KeyError) as caught:
        make_estimator(two_outputs()).train(given({"x": X}, {"up": Y, "dawn": Y}))
    assert "Did you mean 'down' where 'dawn' is given?" in str(caught.value)


def test_labels_may_be_named_by_the_only_output(make_estimator: Any) -> None:
    estimator = make_estimator(sequential())
    assert estimator.train(given({"xyz_input": X}, {"xyz": Y})).latest_checkpoint()


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """Takes a dict of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return {"total": self.dense(inputs["left"] + inputs["right"])}


def test_a_subclassed_model_takes_what_it_is_given(make_estimator: Any) -> None:
    model = Subclassed()
    model.compile("sgd", "mse")
    estimator = make_estimator(model)
    features = {"left": X, "right": X}
    estimator.train(given(features, {"total": Y}), steps=2)
    (first, *_) = estimator.predict(given(features))
    assert first["total"].shape == (1,)


def test_sample_weights_come_beside_the_features(make_estimator: Any) -> None:
    keras.utils.set_random_seed(3)
    model = sequential()
    model(X)
    weights = np.arange(8, dtype="float32")
    expected = model.evaluate(X, Y, sample_weight=weights, batch_size=8, verbose=0)
    features = {"features": {"xyz_input": X}, "sample_weights": weights}
    result = make_estimator(model).evaluate(lambda: tf.data.Dataset.from_tensors((features, Y)))
    assert result["loss"] == pytest.approx(expected, rel=1e-6)
