"""Labels and sample weights find the outputs they belong to, also where outputs are a dict."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

X = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)
SIZE = X.sum(axis=1, keepdims=True)
KIND = np.array([0, 1, 1, 0, 1, 0, 0, 1])
WEIGHTS = np.arange(8, dtype="float32") / 4


def model_with(keys: tuple[str, str] | None) -> keras.Model:
    """Two outputs, the layers `size` and `kind`, in a list or under two keys."""
    keras.utils.set_random_seed(1)
    x = keras.Input((3,), name="x")
    size = layers.Dense(1, name="size")(x)
    kind = layers.Dense(2, "softmax", name="kind")(x)
    outputs = [size, kind] if keys is None else dict(zip(keys, (size, kind), strict=True))
    model = keras.Model(x, outputs)
    names = keys or ("size", "kind")
    losses = ("mse", "sparse_categorical_crossentropy")
    model.compile("sgd", dict(zip(names, losses, strict=True)))
    return model


def loss_of(make_estimator: Any, model: keras.Model, labels: Any, weights: Any = None) -> float:
    features: Any = X if weights is None else {"features": X, "sample_weights": weights}
    dataset = tf.data.Dataset.from_tensor_slices((features, labels)).batch(8)
    return float(make_estimator(model).evaluate(lambda: dataset)["loss"])


@pytest.mark.parametrize("keys", [None, ("size", "kind"), ("z", "a")], ids=str)
@pytest.mark.parametrize("named", [True, False], ids=["by layer", "in order"])
def test_labels_by_the_layers_names_or_in_the_outputs_order(
    keys: tuple[str, str] | None, named: bool, make_estimator: Any
) -> None:
    """Of outputs in a dict the order is that of their sorted keys, as Keras has it."""
    model = model_with(keys)
    expected = model.evaluate(
        X, [SIZE, KIND] if keys is None else dict(zip(keys, (SIZE, KIND), strict=True)), verbose=0
    )
    if isinstance(expected, list):
        expected = expected[0]
    ordered = (SIZE, KIND) if keys is None else (KIND, SIZE)
    labels = {"kind": KIND, "size": SIZE} if named else ordered
    assert loss_of(make_estimator, model, labels) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("keys", [None, ("size", "kind")], ids=["list", "dict"])
def test_an_output_without_a_weight_is_not_weighted(
    keys: tuple[str, str] | None, make_estimator: Any
) -> None:
    labels = {"size": SIZE, "kind": KIND}
    one = loss_of(make_estimator, model_with(keys), labels, {"size": WEIGHTS})
    ones = {"size": WEIGHTS, "kind": np.ones(8, "float32")}
    assert one == pytest.approx(loss_of(make_estimator, model_with(keys), labels, ones), rel=1e-6)
    assert one != pytest.approx(loss_of(make_estimator, model_with(keys), labels), rel=1e-3)


def test_one_weight_for_each_example_weights_every_output(make_estimator: Any) -> None:
    labels = {"size": SIZE, "kind": KIND}
    single = loss_of(make_estimator, model_with(None), labels, WEIGHTS)
    both = loss_of(make_estimator, model_with(None), labels, (WEIGHTS, WEIGHTS))
    assert single == pytest.approx(both, rel=1e-6)


def test_predict_leaves_the_weights_out(make_estimator: Any) -> None:
    features = {"features": {"x": X}, "sample_weights": WEIGHTS}
    dataset = tf.data.Dataset.from_tensor_slices(features).batch(8)
    model = model_with(None)
    predictions = list(make_estimator(model).predict(lambda: dataset))
    np.testing.assert_allclose([p["size"] for p in predictions], model(X)[0], rtol=1e-6)


def test_weights_of_no_output_are_refused(make_estimator: Any) -> None:
    with pytest.raises(ValueError, match=r"name 'sise', which is no output .* mean 'size'\?"):
        loss_of(make_estimator, model_with(None), (SIZE, KIND), {"sise": WEIGHTS})


def test_too_few_weights_are_refused(make_estimator: Any) -> None:
    with pytest.raises(ValueError, match=r"takes 2 tensors as sample_weights"):
        loss_of(make_estimator, model_with(None), (SIZE, KIND), (WEIGHTS,))


def test_a_layer_that_gives_several_outputs_gives_several_names(make_estimator: Any) -> None:
    x = keras.Input((3, 1), name="x")
    outputs = layers.LSTM(2, return_state=True, name="lstm")(x)
    model = keras.Model(x, list(outputs))
    model.compile("sgd", ["mse", None, None])
    dataset = tf.data.Dataset.from_tensor_slices({"x": X[..., None]}).batch(8)
    (prediction, *_) = make_estimator(model).predict(lambda: dataset)
    assert list(prediction) == ["lstm", "lstm_1", "lstm_2"]
    np.testing.assert_allclose(prediction["lstm_2"], model(X[..., None])[2][0], rtol=1e-6)
