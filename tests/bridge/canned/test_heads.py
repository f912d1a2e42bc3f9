"""Losses, predictions and the errors of heads, on a few numbers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator

pytestmark = pytest.mark.slow

NAMES = ["setosa", "versicolor", "virginica"]
LOGITS = [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
# The softmax cross entropies of LOGITS for the labels 0 and 2.
LOSSES = [math.log(1 + 2 * math.exp(-2)), math.log(3)]


def of_three(**arguments: Any) -> tf_estimator.MultiClassHead:
    return tf_estimator.MultiClassHead(3, **arguments)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("auto", (3 * LOSSES[0] + LOSSES[1]) / 2),
        ("sum_over_batch_size", (3 * LOSSES[0] + LOSSES[1]) / 2),
        ("weighted_sum_over_batch_size", (3 * LOSSES[0] + LOSSES[1]) / 2),
        ("sum", 3 * LOSSES[0] + LOSSES[1]),
        ("weighted_sum", 3 * LOSSES[0] + LOSSES[1]),
        ("weighted_mean", (3 * LOSSES[0] + LOSSES[1]) / 4),
        ("weighted_sum_by_nonzero_weights", (3 * LOSSES[0] + LOSSES[1]) / 2),
    ],
)
def test_losses_are_weighed_and_reduced(reduction: str, expected: float) -> None:
    head = of_three(weight_column="size", loss_reduction=reduction)
    for weights in ([3.0, 1.0], [[3], [1]]):
        features = {"size": tf.constant(weights)}
        loss = head.loss(tf.constant([0, 2]), tf.constant(LOGITS), features)
        assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_labels_may_be_words_and_losses_regularized() -> None:
    head = of_three(label_vocabulary=NAMES)
    labels = tf.constant(["setosa", "virginica"])
    loss = head.loss(labels, tf.constant(LOGITS), {}, regularization_losses=[0.25, 0.5])
    assert float(loss) == pytest.approx(sum(LOSSES) / 2 + 0.75, rel=1e-6)
    predictions = head.predictions(tf.constant(LOGITS), ["classes", "all_classes"])
    assert predictions["classes"].numpy().tolist() == [[b"setosa"], [b"setosa"]]
    assert (
        predictions["all_classes"].numpy().tolist()
        == [[b"setosa", b"versicolor", b"virginica"]] * 2
    )


def test_several_labels_are_dense_or_sparse() -> None:
    logits = tf.constant([[1.0, -1.0, 0.0], [0.0, 2.0, 0.0]])
    dense = tf.constant([[1, 0, 1], [0, 0, 0]])
    sparse = tf.SparseTensor([[0, 0], [0, 1]], tf.constant([0, 2], tf.int64), [2, 2])
    words = tf.SparseTensor([[0, 0], [0, 1]], ["setosa", "virginica"], [2, 2])
    head = tf_estimator.MultiLabelHead(3, label_vocabulary=NAMES)
    of_ids = tf_estimator.MultiLabelHead(3)
    expected = float(of_ids.loss(dense, logits, {}))
    by_hand = np.log1p(np.exp([[-1.0, -1.0, 0.0], [0.0, 2.0, 0.0]])).mean()
    assert expected == pytest.approx(by_hand, rel=1e-6)
    assert float(of_ids.loss(sparse, logits, {})) == pytest.approx(expected)
    assert float(head.loss(words, logits, {})) == pytest.approx(expected)


def test_a_loss_of_ones_own() -> None:
    def loss_fn(labels: Any, logits: Any, features: Any) -> Any:
        return tf.abs(labels - logits) * features["factor"]

    head = tf_estimator.RegressionHead(2, loss_fn=loss_fn)
    labels, logits = tf.constant([[1.0, 2.0]]), tf.constant([[2.0, 5.0]])
    loss = head.loss(labels, logits, {"factor": tf.constant(10.0)})
    assert float(loss) == pytest.approx(20)
    wrong = tf_estimator.RegressionHead(2, loss_fn=lambda labels, logits: logits[:, 0])
    with pytest.raises(ValueError, match=r"loss_fn must return losses of shape \[batch, 2\]"):
        wrong.loss(labels, logits, {})


ERRORS: dict[str, tuple[Callable[[], Any], str]] = {
    "out of range": (
        lambda: of_three().loss(tf.constant([0, 3]), tf.constant(LOGITS), {}),
        "labels must be from 0 to 2; check n_classes",
    ),
    "below zero": (
        lambda: of_three().loss(tf.constant([0, -1]), tf.constant(LOGITS), {}),
        "labels must be from 0 to 2",
    ),
    "no vocabulary": (
        lambda: of_three().loss(tf.constant(["setosa", "x"]), tf.constant(LOGITS), {}),
        "labels are strings, and there is no label_vocabulary",
    ),
    "no vocabulary of two": (
        lambda: tf_estimator.BinaryClassHead().loss(tf.constant(["a"]), tf.zeros([1, 1]), {}),
        "labels are strings, and there is no label_vocabulary",
    ),
    "unknown word": (
        lambda: of_three(label_vocabulary=NAMES).loss(
            tf.constant(["setosa", "rosa"]), tf.constant(LOGITS), {}
        ),
        "A label is not in label_vocabulary",
    ),
    "numbers for words": (
        lambda: of_three(label_vocabulary=NAMES).loss(tf.constant([0, 1]), tf.constant(LOGITS), {}),
        "labels must be strings where there is a label_vocabulary; found int32",
    ),
    "floats for ids": (
        lambda: of_three().loss(tf.constant([0.0, 1.0]), tf.constant(LOGITS), {}),
        "labels must be integers, the ids of classes; found float32",
    ),
    "one-hot": (
        lambda: of_three().loss(tf.one_hot([0, 2], 3), tf.constant(LOGITS), {}),
        r"labels must be of shape \[batch, 1\]; .*not one-hot",
    ),
    "fewer labels": (
        lambda: of_three().loss(tf.constant([0]), tf.constant(LOGITS), {}),
        r"labels must be of shape \[batch, 1\]",
    ),
    "none": (lambda: of_three().loss(None, tf.constant(LOGITS), {}), "labels are missing"),
    "a dict": (
        lambda: of_three().loss({"kind": tf.constant([0])}, tf.constant(LOGITS), {}),
        r"received a dict of \['kind'\]. A dict of labels is for a MultiHead",
    ),
    "sparse": (
        lambda: of_three().loss(tf.sparse.eye(2), tf.constant(LOGITS), {}),
        "Let input_fn make it dense",
    ),
    "logits": (
        lambda: of_three().loss(tf.constant([0, 1]), tf.zeros([2, 4]), {}),
        r"logits must be of shape \[batch, ..., 3\]",
    ),
    "weights missing": (
        lambda: of_three(weight_column="size").loss(
            tf.constant([0, 1]), tf.constant(LOGITS), {"sizes": tf.ones([2])}
        ),
        "weight column 'size' is missing from the features; there are .'sizes'.. Did you mean",
    ),
    "weights in words": (
        lambda: of_three(weight_column="size").loss(
            tf.constant([0, 1]), tf.constant(LOGITS), {"size": tf.constant(["a", "b"])}
        ),
        "weight column 'size' must hold numbers; found string",
    ),
    "weights of another size": (
        lambda: of_three(weight_column="size").loss(
            tf.constant([0, 1]), tf.constant(LOGITS), {"size": tf.ones([3, 1])}
        ),
        r"weight column 'size' must be of shape \[batch, 1\]",
    ),
    "kind of weight column": (lambda: of_three(weight_column=3), "weight_column must be the name"),
    "two classes": (
        lambda: tf_estimator.MultiClassHead(2),
        "Two classes are for a BinaryClassHead",
    ),
    "short vocabulary": (
        lambda: of_three(label_vocabulary=NAMES[:2]),
        "label_vocabulary must have n_classes=3 labels; it has 2",
    ),
    "twice": (lambda: of_three(label_vocabulary=["a", "b", "a"]), "has a label twice"),
    "numbers in vocabulary": (
        lambda: of_three(label_vocabulary=[1, 2, 3]),
        "label_vocabulary must hold the labels as text",
    ),
    "a word as vocabulary": (
        lambda: of_three(label_vocabulary="abc"),
        "label_vocabulary must be a list or a tuple",
    ),
    "reduction": (
        lambda: of_three(loss_reduction="summ"),
        "loss_reduction must be one of .* Did you mean 'sum'",
    ),
    "no reduction": (lambda: of_three(loss_reduction="none"), "loss_reduction must be one of"),
    "threshold": (
        lambda: tf_estimator.BinaryClassHead(thresholds=[0.5, 1.0]),
        "thresholds must lie between 0 and 1; received 1.0",
    ),
    "loss_fn": (
        lambda: of_three(loss_fn=lambda y_true, y_pred: y_pred),
        "loss_fn must take labels and logits",
    ),
    "class of metrics": (
        lambda: tf_estimator.MultiLabelHead(3, classes_for_class_based_metrics=[3]),
        "there is no class 3; there are 0 to 2",
    ),
    "word of metrics": (
        lambda: tf_estimator.MultiLabelHead(
            3, label_vocabulary=NAMES, classes_for_class_based_metrics=["setoza"]
        ),
        "there is no class 'setoza'.* Did you mean 'setosa'",
    ),
    "no number": (lambda: tf_estimator.RegressionHead(0), "label_dimension must be"),
    "logistic": (
        lambda: tf_estimator.LogisticRegressionHead().loss(
            tf.constant([1.5]), tf.zeros([1, 1]), {}
        ),
        "labels must be from 0 to 1",
    ),
    "key": (
        lambda: of_three().predictions(tf.constant(LOGITS), ["logistic"]),
        "There is no prediction 'logistic'; there are",
    ),
    "no heads": (lambda: tf_estimator.MultiHead([]), "MultiHead needs heads"),
    "nameless heads": (
        lambda: tf_estimator.MultiHead([of_three(name="a"), of_three()]),
        "must have names of their own",
    ),
    "weights of heads": (
        lambda: tf_estimator.MultiHead([of_three(name="a")], [1.0, 2.0]),
        "head_weights must have a weight for each of the 1 heads",
    ),
    "labels of heads": (
        lambda: tf_estimator.MultiHead([of_three(name="a"), of_three(name="b")]).loss(
            {"a": tf.constant([0])}, tf.zeros([1, 6]), {}
        ),
        r"labels: those of the heads \['b'\] are missing; there are \['a'\]",
    ),
    "nothing to train with": (
        lambda: of_three().create_estimator_spec(
            {}, "train", tf.constant(LOGITS), tf.constant([0, 1])
        ),
        "a head needs either optimizer or train_op_fn; neither were given",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_is_wrong_is_told(name: str) -> None:
    wrong, message = ERRORS[name]
    kinds = (ValueError, TypeError, tf.errors.InvalidArgumentError)
    with pytest.raises(kinds, match=f"(?s){message}"):
        wrong()
