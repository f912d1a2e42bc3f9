"""`tf.contrib.losses`: those of `tf.losses`, with the predictions before the labels."""

from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_WHERE = {
    **dict.fromkeys(
        (
            "add_loss",
            "get_losses",
            "get_regularization_losses",
            "get_total_loss",
        ),
        "tensorflow.compat.v1.losses",
    ),
}
__all__ = [
    *_WHERE,
    "absolute_difference",
    "compute_weighted_loss",
    "cosine_distance",
    "hinge_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def absolute_difference(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: Any = None
) -> Any:
    """`tf.losses.absolute_difference`."""
    return v1.losses.absolute_difference(labels, predictions, weights, scope)


def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: Any = None) -> Any:
    """`tf.losses.compute_weighted_loss`."""
    return v1.losses.compute_weighted_loss(losses, weights, scope)


def cosine_distance(
    predictions: Any,
    labels: Any = None,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: Any = None,
    dim: int | None = None,
) -> Any:
    """`tf.losses.cosine_distance`."""
    along = dim if axis is None else axis
    return v1.losses.cosine_distance(labels, predictions, along, weights, scope)


def hinge_loss(logits: Any, labels: Any = None, scope: Any = None) -> Any:
    """The hinge losses `[batch, ...]` of labels 0 and 1; not reduced, and in no collection."""
    with v1.name_scope(scope, "hinge_loss"):
        signs = 2.0 * v1.cast(labels, logits.dtype) - 1.0
        return v1.nn.relu(1.0 - signs * logits)


def log_loss(
    predictions: Any,
    labels: Any = None,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: Any = None,
) -> Any:
    """`tf.losses.log_loss`."""
    return v1.losses.log_loss(labels, predictions, weights, epsilon, scope)


def mean_pairwise_squared_error(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: Any = None
) -> Any:
    """`tf.losses.mean_pairwise_squared_error`."""
    return v1.losses.mean_pairwise_squared_error(labels, predictions, weights, scope)


def mean_squared_error(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: Any = None
) -> Any:
    """`tf.losses.mean_squared_error`."""
    return v1.losses.mean_squared_error(labels, predictions, weights, scope)


def sigmoid_cross_entropy(
    logits: Any,
    multi_class_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
) -> Any:
    """`tf.losses.sigmoid_cross_entropy`."""
    return v1.losses.sigmoid_cross_entropy(
        multi_class_labels, logits, weights, label_smoothing, scope
    )


def softmax_cross_entropy(
    logits: Any,
    onehot_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
) -> Any:
    """`tf.losses.softmax_cross_entropy`."""
    return v1.losses.softmax_cross_entropy(onehot_labels, logits, weights, label_smoothing, scope)


def sparse_softmax_cross_entropy(
    logits: Any, labels: Any, weights: Any = 1.0, scope: Any = None
) -> Any:
    """`tf.losses.sparse_softmax_cross_entropy`."""
    return v1.losses.sparse_softmax_cross_entropy(labels, logits, weights, scope)
