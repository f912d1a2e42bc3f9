"""Metrics that are added up batch by batch: pairs of a value and the operation that updates it."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

Metric = tuple[Any, Any]

_THRESHOLDS = 200
_TINY = 1e-7


def mean(values: tf.Tensor, weights: Any, name: str) -> Metric:
    """The weighted mean of the values of all batches."""
    values = tf.cast(values, tf.float32)
    found: Metric = v1.metrics.mean(values, weights=_spread(weights, values), name=name)
    return found


def of_classes(
    labels: tf.Tensor, class_ids: tf.Tensor, weights: Any, prefix: str = ""
) -> dict[str, Metric]:
    """`accuracy`, `precision` and `recall` of two classes.

    Args:
        labels: 0 and 1, float32.
        class_ids: What was predicted, 0 and 1, likewise.
        weights: A number, or a tensor that can be broadcast to `labels`.
        prefix: Before the names of the operations.
    """
    labels, class_ids = tf.cast(labels, tf.float32), tf.cast(class_ids, tf.float32)
    weights = _spread(weights, labels)
    kinds = {
        "accuracy": v1.metrics.accuracy,
        "precision": v1.metrics.precision,
        "recall": v1.metrics.recall,
    }
    return {
        name: kind(labels, class_ids, weights=weights, name=prefix + name)
        for name, kind in kinds.items()
    }


def at_threshold(
    labels: tf.Tensor, probabilities: tf.Tensor, weights: Any, threshold: float
) -> dict[str, Metric]:
    """The same, where a probability above the threshold counts as 1."""
    class_ids = tf.cast(probabilities > threshold, tf.float32)
    return of_classes(labels, class_ids, weights, prefix=f"at_{threshold:g}_")


def accuracy(labels: tf.Tensor, class_ids: tf.Tensor, weights: Any) -> Metric:
    """The weighted share of the examples whose class is the predicted one."""
    spread = _spread(weights, tf.cast(labels, tf.float32))
    found: Metric = v1.metrics.accuracy(labels, class_ids, weights=spread, name="accuracy")
    return found


def accuracy_baseline(label_mean: Metric) -> Metric:
    """The accuracy of always predicting the more frequent of two classes."""
    value, update = label_mean
    return tf.maximum(value, 1 - value), tf.maximum(update, 1 - update)


def auc(
    labels: tf.Tensor,
    predictions: tf.Tensor,
    weights: Any,
    *,
    curve: str = "ROC",
    interpolated: bool = True,
) -> Metric:
    """The area under a curve, from counts at 200 thresholds.

    Args:
        labels: 0 and 1.
        predictions: Float tensor of the same shape, from 0 to 1.
        weights: A number, or a tensor that can be broadcast to it.
        curve: `ROC`, or `PR` for precision and recall.
        interpolated: Whether the area is that of `tf.keras.metrics.AUC`; else it is that of
            `tf.compat.v1.metrics.auc`, by trapezoids. They differ for `PR`.
    """
    predictions = tf.cast(predictions, tf.float32)
    counts = _confusion(tf.cast(labels, tf.bool), predictions, _spread(weights, predictions))
    values, updates = zip(*counts, strict=True)
    if curve == "ROC":
        area = _roc_area if interpolated else _roc_trapezoids
    else:
        area = _pr_interpolated if interpolated else _pr_trapezoids
    return area(*values), area(*updates)


def _spread(weights: Any, values: tf.Tensor) -> tf.Tensor:
    return tf.cast(weights, tf.float32) * tf.ones_like(values)


def _confusion(labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor) -> list[Metric]:
    """True positives, false positives, true negatives and false negatives by threshold."""
    inner = [i / (_THRESHOLDS - 1) for i in range(1, _THRESHOLDS - 1)]
    thresholds = tf.constant([-_TINY, *inner, 1 + _TINY])[:, tf.newaxis]
    positive = tf.reshape(predictions, [1, -1]) > thresholds
    right, weighed = tf.reshape(labels, [1, -1]), tf.reshape(weights, [1, -1])
    groups = {
        "true_positives": positive & right,
        "false_positives": positive & ~right,
        "true_negatives": ~positive & ~right,
        "false_negatives": ~positive & right,
    }
    return [
        _added_up(name, tf.reduce_sum(tf.cast(group, tf.float32) * weighed, axis=1))
        for name, group in groups.items()
    ]


def _added_up(name: str, of_batch: tf.Tensor) -> Metric:
    """A local variable and what it is after the batch."""
    with v1.variable_scope(None, default_name="auc"):
        variable = v1.get_variable(
            name,
            shape=of_batch.shape,
            initializer=v1.zeros_initializer(),
            trainable=False,
            collections=[v1.GraphKeys.LOCAL_VARIABLES, v1.GraphKeys.METRIC_VARIABLES],
            use_resource=True,
        )
    return variable.read_value(), variable.assign_add(of_batch, read_value=True)


def _trapezoids(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum((x[:-1] - x[1:]) * (y[:-1] + y[1:]) / 2)


def _roc_area(tp: tf.Tensor, fp: tf.Tensor, tn: tf.Tensor, fn: tf.Tensor) -> tf.Tensor:
    return _trapezoids(tf.math.divide_no_nan(fp, fp + tn), tf.math.divide_no_nan(tp, tp + fn))


def _roc_trapezoids(tp: tf.Tensor, fp: tf.Tensor, tn: tf.Tensor, fn: tf.Tensor) -> tf.Tensor:
    small = 1e-6  # tf.compat.v1.metrics.auc keeps denominators above zero by it
    return _trapezoids(fp / (fp + tn + small), (tp + small) / (tp + fn + small))


def _pr_trapezoids(tp: tf.Tensor, fp: tf.Tensor, tn: tf.Tensor, fn: tf.Tensor) -> tf.Tensor:
    small = 1e-6
    recall, precision = (tp + small) / (tp + fn + small), (tp + small) / (tp + fp + small)
    return _trapezoids(recall, precision)


def _pr_interpolated(tp: tf.Tensor, fp: tf.Tensor, tn: tf.Tensor, fn: tf.Tensor) -> tf.Tensor:
    """Davis and Goadrich, 2006: between two thresholds true positives grow linearly with positives,
    so that precision does not.
    """
    positives = tp + fp
    hits = tp[:-1] - tp[1:]
    slope = tf.math.divide_no_nan(hits, tf.maximum(positives[:-1] - positives[1:], 0))
    intercept = tp[1:] - slope * positives[1:]
    both = (positives[:-1] > 0) & (positives[1:] > 0)
    ratio = tf.math.divide_no_nan(positives[:-1], tf.maximum(positives[1:], 0))
    growth = tf.math.log(tf.where(both, ratio, tf.ones_like(ratio)))
    return tf.reduce_sum(
        tf.math.divide_no_nan(slope * (hits + intercept * growth), tf.maximum(tp[1:] + fn[1:], 0))
    )
