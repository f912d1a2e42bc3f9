"""More metrics for an Estimator that exists already."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays


def of_keras(labels: Any, predictions: Any) -> dict[str, Any]:
    nats = keras.metrics.SparseCategoricalCrossentropy()
    nats.update_state(labels, predictions["probs"])
    return {"nats": nats}


def of_v1(labels: Any, predictions: Any, features: Any, config: Any) -> dict[str, Any]:
    assert isinstance(config, tf_estimator.RunConfig)
    chosen = tf.argmax(predictions["probs"], axis=1)
    return {
        "right": v1.metrics.accuracy(labels, chosen),
        "mean_feature": v1.metrics.mean(features["iris_input"]),
    }


def test_keras_metrics_are_added(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    plain = make_estimator(model).train(input_fn)
    result = tf_estimator.add_metrics(plain, of_keras).evaluate(input_fn)
    losses = keras.losses.sparse_categorical_crossentropy(flowers[1], model(flowers[0]))
    assert result["nats"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert {k: v for k, v in result.items() if k != "nats"} == plain.evaluate(input_fn)


def test_metrics_of_v1_are_added(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any, scalars: Any
) -> None:
    estimator = tf_estimator.add_metrics(make_estimator(model).train(input_fn), of_v1)
    for _ in range(2):  # each evaluation begins anew
        result = estimator.evaluate(input_fn)
        assert result["right"] == pytest.approx(result["accuracy"])
        assert result["mean_feature"] == pytest.approx(flowers[0].mean(), rel=1e-5)
    assert "right" in scalars(estimator.eval_dir())


def test_they_serve_in_train_and_evaluate(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    estimator = tf_estimator.add_metrics(make_estimator(model), of_v1)
    result, _ = tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(endless, max_steps=3),
        tf_estimator.EvalSpec(input_fn, steps=None),
    )
    assert result is not None
    assert result["right"] == pytest.approx(result["accuracy"])


def test_they_may_be_added_twice(model: keras.Model, input_fn: Any, make_estimator: Any) -> None:
    once = tf_estimator.add_metrics(make_estimator(model), of_keras)
    assert {"right", "nats"} <= set(tf_estimator.add_metrics(once, of_v1).evaluate(input_fn))


def test_arguments_of_other_names_are_refused(model: keras.Model, make_estimator: Any) -> None:
    with pytest.raises(ValueError, match=r"may take labels, .* config; it takes 'label'"):
        tf_estimator.add_metrics(make_estimator(model), lambda label: {})


def test_something_else_than_metrics_is_refused(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    estimator = tf_estimator.add_metrics(make_estimator(model), lambda labels: {"x": labels})
    with pytest.raises(TypeError, match=r"'x' is .*Tensor"):
        estimator.evaluate(input_fn)
