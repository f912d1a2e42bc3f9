"""Optimizers, both forms, heads in a model_fn of one's own, and what is refused."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from kerasrun import estimator as tf_estimator
from kerasrun import feature_columns
from kerasrun.bridge.canned import v1

pytestmark = pytest.mark.slow

COLUMNS = [tf.feature_column.numeric_column("x")]


def input_fn() -> tf.data.Dataset:
    """Two batches of two, again and again."""
    features = {"x": np.array([1, 2, 3, 4], np.float32)}
    return tf.data.Dataset.from_tensor_slices((features, [1, 1, 0, 1])).batch(2).repeat()


def once() -> tf.data.Dataset:
    """The two batches."""
    return input_fn().take(2)


def bias_after(estimator: Any, steps: int = 3) -> float:
    """What training makes of the bias of a linear model."""
    estimator.train(input_fn, max_steps=steps)
    return float(estimator.get_variable_value("linear/linear_model/bias_weights")[0])


def schedule() -> Any:
    """A learning rate that falls from 0.2 by a half in two steps."""
    return keras.optimizers.schedules.ExponentialDecay(0.2, 2, 0.5)


def test_an_optimizer_may_be_given_in_several_ways() -> None:
    def linear(optimizer: Any) -> Any:
        return tf_estimator.LinearClassifier(COLUMNS, optimizer=optimizer)

    given = {
        "name": "Adam",
        "instance": keras.optimizers.Adam(0.2),
        "function": lambda: keras.optimizers.Adam(0.2),
        "rate by a function": lambda: keras.optimizers.Adam(lambda: tf.constant(0.2)),
    }
    made = {how: linear(optimizer) for how, optimizer in given.items()}
    biases = {how: bias_after(estimator) for how, estimator in made.items()}
    assert biases == pytest.approx(dict.fromkeys(given, biases["name"]), rel=1e-6)
    names = {how: sorted(each.get_variable_names()) for how, each in made.items()}
    assert all(found == names["name"] for found in names.values())

    falling = bias_after(linear(lambda: keras.optimizers.SGD(schedule(), momentum=0.9)), 1)
    assert falling == pytest.approx(bias_after(linear("SGD"), 1)), "0.2 at first"
    old = linear(tf1.train.GradientDescentOptimizer(0.2))
    assert bias_after(old, 1) == pytest.approx(falling)
    clipped = bias_after(linear(keras.optimizers.SGD(1.0, clipvalue=0.001)), 1)
    assert abs(clipped) == pytest.approx(0.001)


def test_the_default_rate_of_many_columns_is_smaller() -> None:
    features = {f"x{i:02}": np.array([1, 2], np.float32) for i in range(26)}
    columns = [tf.feature_column.numeric_column(name) for name in features]
    estimator = tf_estimator.LinearRegressor(columns, optimizer=None)
    batch = (features, np.array([1, 1], np.float32))
    estimator.train(lambda: tf.data.Dataset.from_tensors(batch), max_steps=1)
    bias = estimator.get_variable_value("linear/linear_model/bias_weights")[0]
    rate, gradient, start = 1 / np.sqrt(26), -2, 0.1
    assert bias == pytest.approx(-rate * gradient / np.sqrt(start + gradient**2), rel=1e-6)


def test_columns_may_share_an_embedding() -> None:
    def batches() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(({"a": [0, 1], "b": [1, 2]}, [0, 1])).repeat()

    kind = tf.feature_column.categorical_column_with_identity
    columns = feature_columns.shared_embeddings([kind("a", 3), kind("b", 3)], 2)
    places = {v1: "dnn/input_from_feature_columns/", tf_estimator: ""}
    for form, place in places.items():
        estimator = form.DNNClassifier([2], columns, activation_fn=None)
        estimator.train(batches, max_steps=1)
        first = estimator.get_variable_value(f"{place}a_b_shared_embedding")
        estimator.train(batches, max_steps=2)
        second = estimator.get_variable_value(f"{place}a_b_shared_embedding")
        assert first.shape == (3, 2)
        assert (first != second).all(), "one table, trained by what both columns ask for"


def test_the_form_of_v1() -> None:
    names = list(inspect.signature(v1.DNNClassifier.__init__).parameters)
    assert names[names.index("dropout") + 1 :] == [
        "input_layer_partitioner",
        "config",
        "warm_start_from",
        "loss_reduction",
        "batch_norm",
    ]
    estimator = v1.LinearClassifier(COLUMNS, None, 2, partitioner=object())
    estimator.train(input_fn, max_steps=1)
    result = estimator.evaluate(once)
    assert result["loss"] == pytest.approx(2 * result["average_loss"], rel=1e-6), "batches of two"
    with pytest.raises(TypeError, match="unexpected keyword argument 'partitioner'"):
        tf_estimator.LinearClassifier(COLUMNS, partitioner=None)  # type: ignore[call-arg]


def model_fn(features: Mapping[str, Any], labels: Any, mode: str, params: Any) -> Any:
    """A line through the features, under the head of `params`."""
    weight = tf1.get_variable("weight", [1, 1], initializer=tf1.ones_initializer())
    updated = tf1.get_variable("updated", [], initializer=tf1.zeros_initializer(), trainable=False)
    return params["head"].create_estimator_spec(
        features,
        mode,
        logits=tf.expand_dims(features["x"], -1) @ weight,
        labels=labels,
        regularization_losses=[0.01 * tf.reduce_sum(weight**2)],
        update_ops=[updated.assign_add(1.0)],
        **params["training"],
    )


TRAININGS: list[dict[str, Any]] = [
    {"optimizer": tf1.train.GradientDescentOptimizer(0.01)},
    {
        "train_op_fn": lambda loss: tf1.train.GradientDescentOptimizer(0.01).minimize(
            loss, tf1.train.get_global_step()
        )
    },
    {"optimizer": keras.optimizers.SGD(0.01)},
]


def test_a_head_in_a_model_fn_of_ones_own(
    tmp_path: Path, scalars: Callable[[str], Mapping[str, Any]]
) -> None:
    for number, training in enumerate(TRAININGS):
        folder = str(tmp_path / str(number))
        params = _Params(head=tf_estimator.BinaryClassHead(name="odd"), training=training)
        estimator = tf_estimator.Estimator(model_fn, folder, params=params)
        estimator.train(input_fn, max_steps=2)
        assert estimator.get_variable_value("updated") == 2
        weight = float(estimator.get_variable_value("weight")[0, 0])
        assert weight == pytest.approx(_by_hand(), rel=1e-5)
    result = estimator.evaluate(once)
    assert result["regularization_loss/odd"] == pytest.approx(0.01 * weight**2, rel=1e-5)
    assert result["global_step"] == 2
    assert {"loss/odd", "regularization_loss/odd"} <= set(scalars(folder))


class _Params(dict[str, Any]):
    """Params that are not copied: an optimizer of v1 cannot be."""

    def __deepcopy__(self, memo: Any) -> "_Params":
        return self


def _by_hand() -> float:
    weight = 1.0
    for x, y in (([1, 2], [1, 1]), ([3, 4], [0, 1])):
        chance = 1 / (1 + np.exp(-weight * np.array(x)))
        weight -= 0.01 * (np.mean((chance - np.array(y)) * np.array(x)) + 0.02 * weight)
    return weight


_CATEGORICAL = tf.feature_column.categorical_column_with_identity("x", 5)
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "optimizer's name": (
        lambda: tf_estimator.LinearClassifier(COLUMNS, optimizer="adam"),
        "There is no optimizer 'adam'; .* Did you mean 'Adam'",
    ),
    "kind of optimizer": (
        lambda: tf_estimator.LinearClassifier(COLUMNS, optimizer=keras.optimizers.Nadam()),
        "keras.optimizers.Nadam is not supported",
    ),
    "amsgrad": (
        lambda: tf_estimator.LinearClassifier(
            COLUMNS, optimizer=keras.optimizers.Adam(amsgrad=True)
        ),
        "amsgrad=True of keras.optimizers.Adam is not supported",
    ),
    "no optimizer": (
        lambda: tf_estimator.LinearClassifier(COLUMNS, optimizer=3),
        "optimizer must be one of",
    ),
    "what a function returns": (
        lambda: tf_estimator.LinearClassifier(COLUMNS, optimizer=lambda: 3).train(
            input_fn, steps=1
        ),
        "optimizer must be one of .* received 3",
    ),
    "no columns": (lambda: tf_estimator.DNNClassifier([2], []), "feature_columns must be a list"),
    "no column": (
        lambda: tf_estimator.DNNClassifier([2], ["x"]),
        "must hold feature columns.*found 'x'",
    ),
    "twice": (
        lambda: tf_estimator.LinearClassifier(COLUMNS * 2),
        "two columns have the name 'x'",
    ),
    "categorical": (
        lambda: tf_estimator.DNNClassifier([2], [_CATEGORICAL]),
        "wrap it in tf.feature_column.embedding_column",
    ),
    "units": (lambda: tf_estimator.DNNClassifier([0], COLUMNS), "hidden_units must hold"),
    "dropout": (
        lambda: tf_estimator.DNNClassifier([2], COLUMNS, dropout=1.0),
        "dropout must be from 0",
    ),
    "combiner": (
        lambda: tf_estimator.LinearClassifier(COLUMNS, sparse_combiner="max"),
        "sparse_combiner must be one of",
    ),
    "one class": (lambda: tf_estimator.LinearClassifier(COLUMNS, n_classes=1), "n_classes must be"),
    "neither part": (
        lambda: tf_estimator.DNNLinearCombinedClassifier(),
        "Give linear_feature_columns, dnn_feature_columns",
    ),
    "no units": (
        lambda: tf_estimator.DNNLinearCombinedClassifier(dnn_feature_columns=COLUMNS),
        "dnn_feature_columns need dnn_hidden_units",
    ),
    "missing feature": (
        lambda: tf_estimator.LinearClassifier([tf.feature_column.numeric_column("xx")]).train(
            input_fn, steps=1
        ),
        "The feature 'xx', which the column 'xx' reads, is missing; there are .'x'.",
    ),
    "bare features": (
        lambda: tf_estimator.LinearClassifier(COLUMNS).train(
            lambda: tf.data.Dataset.from_tensors(([[1.0]], [0])), steps=1
        ),
        "features must be a dict of name to tensor",
    ),
    "labels out of range": (
        lambda: tf_estimator.LinearClassifier(COLUMNS, n_classes=3).train(
            lambda: tf.data.Dataset.from_tensors(({"x": [1.0, 2.0]}, [0, 5])), steps=1
        ),
        r"labels must be from 0 to 2; check n_classes. The labels:. ..0..5.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_told(name: str) -> None:
    wrong, message = REFUSED[name]
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=f"(?s){message}"):
        wrong()
