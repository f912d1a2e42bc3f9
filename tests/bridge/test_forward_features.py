"""Features among the predictions of an Estimator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays

InputFn = Callable[[], tf.data.Dataset]
SPECS = {
    "iris_input": tf.TensorSpec([None, 4], tf.float32, name="iris_input"),
    "key": tf.TensorSpec([None], tf.int64, name="key"),
}
receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(SPECS)


@pytest.fixture
def keyed(flowers: Arrays) -> InputFn:
    """The flowers with a key each, 100 to 129."""
    features, labels = flowers
    keys = np.arange(100, 100 + len(labels))
    every = ({"iris_input": features, "key": keys}, labels)
    return lambda: tf.data.Dataset.from_tensor_slices(every).batch(8)


def test_of_a_keras_model_they_are_predicted_and_served(
    model: keras.Model, keyed: InputFn, make_estimator: Any, tmp_path: Path
) -> None:
    plain = make_estimator(model).train(keyed)
    estimator = tf_estimator.forward_features(plain, "key")
    expected = [each["probs"] for each in plain.predict(keyed)]
    for hooks in ([], [tf_estimator.SessionRunHook()]):
        answers = list(estimator.predict(keyed, hooks=hooks))
        assert [each["key"] for each in answers] == list(range(100, 130))
        np.testing.assert_array_equal([each["probs"] for each in answers], expected)
    assert estimator.evaluate(keyed) == plain.evaluate(keyed)
    exported = estimator.export_saved_model(str(tmp_path / "export"), receiver_fn)
    loaded = tf.saved_model.load(exported)
    for name in ("serving_default", "predict"):
        served = loaded.signatures[name](
            iris_input=tf.zeros([2, 4]), key=tf.constant([7, 9], tf.int64)
        )
        assert set(served) == {"probs", "key"}
        assert served["key"].numpy().tolist() == [7, 9]
    with pytest.raises(ValueError, match=r"no feature 'kei'.* Did you mean 'key'\?"):
        next(tf_estimator.forward_features(plain, ["kei"]).predict(keyed))


def model_fn(features: Any, labels: Any, mode: str) -> tf_estimator.EstimatorSpec:
    slope = v1.get_variable("slope", initializer=2.0)
    predictions = {"y": slope * features["x"]}
    if mode == tf_estimator.ModeKeys.PREDICT:
        return tf_estimator.EstimatorSpec(mode, predictions)
    loss = tf.reduce_mean(tf.square(predictions["y"] - labels))
    step = v1.train.get_global_step()
    train_op = v1.train.GradientDescentOptimizer(0.1).minimize(loss, step)
    return tf_estimator.EstimatorSpec(mode, predictions, loss, train_op)


def test_of_a_model_fn_they_are_predicted_too(tmp_path: Path) -> None:
    words = tf.SparseTensor([[0, 0], [1, 1]], ["a", "b"], [2, 2])
    features = {"x": [1.0, 2.0], "words": words}

    def input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices((features, [1.0, 2.0])).batch(2)

    plain = tf_estimator.Estimator(model_fn, str(tmp_path))
    estimator = tf_estimator.forward_features(plain, sparse_default_values={"words": "-"})
    for hooks in ([], [tf_estimator.SessionRunHook()]):
        first, second = estimator.predict(input_fn, hooks=hooks)
        assert (first["y"], first["x"], list(first["words"])) == (2.0, 1.0, [b"a", b"-"])
        assert list(second["words"]) == [b"-", b"b"]
    with pytest.raises(ValueError, match=r"'words' is sparse; give sparse_default_values="):
        next(tf_estimator.forward_features(plain).predict(input_fn))


def test_keys_that_are_none_are_refused(model: keras.Model, make_estimator: Any) -> None:
    with pytest.raises(TypeError, match="keys must be strings; received 3"):
        tf_estimator.forward_features(make_estimator(model), [3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="keys is empty"):
        tf_estimator.forward_features(make_estimator(model), [])


def test_a_prediction_of_the_same_name_is_told_of(tmp_path: Path) -> None:
    def answering_x(features: Any, mode: str) -> tf_estimator.EstimatorSpec:
        return tf_estimator.EstimatorSpec(mode, {"x": features["x"]})

    estimator = tf_estimator.Estimator(answering_x, str(tmp_path))
    data = tf.data.Dataset.from_tensors({"x": [1.0]})
    with pytest.raises(ValueError, match="a prediction is called 'x' already"):
        next(tf_estimator.forward_features(estimator, "x").predict(lambda: data))
