"""Metrics of answers that come from elsewhere are those that the model would have with them."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.bridge.answer_metrics import metrics_of_answers
from tests.bridge.conftest import Arrays, build_model

Answer = Callable[[Any], dict[str, np.ndarray[Any, Any]]]


@pytest.fixture
def input_fn(flowers: Arrays) -> Callable[[], tf.data.Dataset]:
    """Four batches of flowers, so small that no probability comes near to 0."""
    features, labels = {"iris_input": flowers[0] / 10}, flowers[1]
    return lambda: tf.data.Dataset.from_tensor_slices((features, labels)).batch(8)


def answering(estimator: Any, change: Callable[[Any], Any] = lambda answer: answer) -> Answer:
    """The Estimator's own model, its answers changed."""

    def answer(features: Any) -> dict[str, np.ndarray[Any, Any]]:
        outputs = estimator.program.predict_step(features)
        return {name: change(output.numpy()) for name, output in outputs.items()}

    return answer


def first_class(answer: Any) -> Any:
    return np.eye(3, dtype=answer.dtype)[np.zeros(len(answer), int)]


def test_they_are_those_of_an_evaluation(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    def weighted() -> tf.data.Dataset:
        return input_fn().map(lambda x, y: (x, y, tf.cast(y, tf.float32) + 1.0))

    nats = keras.metrics.SparseCategoricalCrossentropy("nats")
    estimator = make_estimator(build_model(weighted_metrics=[nats]))
    for data, steps in ((weighted, None), (input_fn, 2)):
        evaluated = estimator.evaluate(data, steps=steps)
        del evaluated["global_step"]
        found = metrics_of_answers(estimator, data, steps, answering(estimator))
        assert found is not None
        assert found.live == pytest.approx(evaluated, rel=1e-6)
        assert found.given == pytest.approx(evaluated, rel=1e-6)
    found = metrics_of_answers(estimator, input_fn, None, answering(estimator, first_class))
    assert found is not None
    assert found.live["loss"] == pytest.approx(estimator.evaluate(input_fn)["loss"], rel=1e-6)
    assert found.given["accuracy"] == pytest.approx(np.mean(flowers[1] == 0))


def two_outputs(outputs: Callable[[Any, Any], Any], **compiled: Any) -> keras.Model:
    x = keras.Input((4,), name="iris_input")
    probs = keras.layers.Dense(3, activation="softmax", name="probs")(x)
    size = keras.layers.Dense(1, name="size")(x)
    model = keras.Model(x, outputs(probs, size))
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], **compiled)
    return model


@pytest.mark.parametrize("outputs", [lambda p, s: [p, s], lambda p, s: {"probs": p, "size": s}])
def test_outputs_keep_their_structure(
    flowers: Arrays, input_fn: Any, make_estimator: Any, outputs: Callable[[Any, Any], Any]
) -> None:
    def both() -> tf.data.Dataset:
        return input_fn().map(lambda x, y: (x, {"probs": y, "size": x["iris_input"][:, :1]}))

    named = isinstance(outputs(0, 0), dict)
    metrics = {"probs": ["accuracy"]} if named else [["accuracy"], []]
    model = two_outputs(outputs, metrics=metrics)
    if named:
        losses = {"probs": "sparse_categorical_crossentropy", "size": "mse"}
        model.compile("adam", losses, metrics=metrics)
    estimator = make_estimator(model)
    evaluated = estimator.evaluate(both)
    found = metrics_of_answers(estimator, both, None, answering(estimator, np.zeros_like))
    assert found is not None
    assert found.live | {"global_step": 0} == pytest.approx(evaluated, rel=1e-6)
    lengths = np.split(flowers[0][:, 0] / 10, [8, 16, 24])
    assert found.given["size_loss"] == pytest.approx(np.mean([np.mean(x**2) for x in lengths]))


class Tuple(keras.Model):
    """Answers with a tuple, which it does not tell beforehand."""

    def __init__(self) -> None:
        super().__init__(name="both")
        self.dense = keras.layers.Dense(3, activation="softmax")

    def call(self, features: Any) -> Any:
        probs = self.dense(features["iris_input"])
        return probs, probs


def test_a_subclassed_model_s_too(input_fn: Any, make_estimator: Any) -> None:
    model = Tuple()
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", (loss, loss))
    estimator = make_estimator(model)

    def both() -> tf.data.Dataset:
        return input_fn().map(lambda x, y: (x, (y, y)))

    evaluated = estimator.evaluate(both)
    found = metrics_of_answers(estimator, both, None, answering(estimator))
    assert found is not None
    assert found.given["loss"] == pytest.approx(evaluated["loss"], rel=1e-6)


def test_a_loss_that_outputs_do_not_tell_is_left_out(input_fn: Any, make_estimator: Any) -> None:
    estimator = make_estimator(build_model(keras.layers.ActivityRegularization(0.1)))
    estimator.evaluate(input_fn)
    found = metrics_of_answers(estimator, input_fn, None, answering(estimator))
    assert found is not None
    assert list(found.given) == ["accuracy"]


class OwnStep(keras.Sequential):
    """Evaluates in its own way."""

    def test_step(self, data: Any) -> Any:
        return super().test_step(data)


def test_where_they_cannot_be_told_there_are_none(input_fn: Any, make_estimator: Any) -> None:
    own = OwnStep([keras.layers.Dense(3, activation="softmax", name="iris")])
    own.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    own_step = make_estimator(own)
    own_step.look_at(input_fn)
    assert metrics_of_answers(own_step, input_fn, None, answering(own_step)) is None
    plain = make_estimator(build_model())
    plain.look_at(input_fn)

    def without_labels() -> tf.data.Dataset:
        return input_fn().map(lambda x, y: x)

    def nothing() -> tf.data.Dataset:
        return input_fn().take(0)

    answer = answering(plain)
    assert metrics_of_answers(plain, without_labels, None, answer) is None
    assert metrics_of_answers(plain, nothing, None, answer) is None
    assert metrics_of_answers(plain, input_fn, None, lambda features: None) is None
    assert metrics_of_answers(plain, input_fn, None, answering(plain, lambda a: a[:1])) is None
