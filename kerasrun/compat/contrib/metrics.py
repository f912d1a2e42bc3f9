"""`tf.contrib.metrics`: those of `tf.metrics`, with the predictions before the labels."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.elsewhere import refusal

Pair = tuple[Any, Any]
# of tf.metrics; here each is called `streaming_...`
_TURNED = (
    "accuracy",
    "auc",
    "false_negatives",
    "false_negatives_at_thresholds",
    "false_positives",
    "false_positives_at_thresholds",
    "mean_absolute_error",
    "mean_cosine_distance",
    "mean_iou",
    "mean_relative_error",
    "mean_squared_error",
    "precision",
    "precision_at_thresholds",
    "recall",
    "recall_at_thresholds",
    "root_mean_squared_error",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "true_negatives",
    "true_negatives_at_thresholds",
    "true_positives",
    "true_positives_at_thresholds",
)
_AS_THEY_ARE = {
    "streaming_mean": "mean",
    "streaming_mean_tensor": "mean_tensor",
    "streaming_percentage_less": "percentage_below",
}
_TURNED_UNDER_NEW_NAMES = {
    "streaming_sparse_average_precision_at_k": "average_precision_at_k",
    "streaming_sparse_precision_at_k": "precision_at_k",
    "streaming_sparse_recall_at_k": "recall_at_k",
}
_STREAMING = {
    **{f"streaming_{name}": name for name in _TURNED},
    **_AS_THEY_ARE,
    **_TURNED_UNDER_NEW_NAMES,
}
__all__ = [*_STREAMING, "accuracy", "aggregate_metric_map", "aggregate_metrics"]


def __getattr__(name: str) -> Callable[..., Pair]:
    if name not in _STREAMING:
        raise refusal(__name__, name, dict.fromkeys(__all__))
    return _streaming(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


@functools.cache
def _streaming(name: str) -> Callable[..., Pair]:
    found: Callable[..., Pair] = getattr(v1.metrics, _STREAMING[name])
    return found if name in _AS_THEY_ARE else _turned(found, name)


def _turned(metric: Callable[..., Pair], name: str) -> Callable[..., Pair]:
    """The metric with its first two arguments, labels and predictions, in the other order."""
    labels, predictions, *others = inspect.signature(metric).parameters.values()
    signature = inspect.Signature([predictions, labels, *others])

    @functools.wraps(metric)
    def streaming(*args: Any, **kwargs: Any) -> Pair:
        bound = signature.bind(*args, **kwargs)
        return metric(**bound.arguments)

    streaming.__name__ = streaming.__qualname__ = name
    streaming.__signature__ = signature  # type: ignore[attr-defined]
    return streaming


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Any:
    """The share of equal values in one batch, a float scalar.

    Args:
        predictions: Of any shape; whole numbers, truth values or strings.
        labels: Of the same shape and dtype.
        weights: A weight for each. None: all count the same.
        name: Of the operations.
    """
    with v1.name_scope(name, "accuracy"):
        right = v1.cast(v1.equal(predictions, labels), v1.float32)
        if weights is None:
            return v1.reduce_mean(right)
        spread = v1.cast(weights, v1.float32) * v1.ones_like(right)
        return v1.div_no_nan(v1.reduce_sum(right * spread), v1.reduce_sum(spread))


def aggregate_metrics(*value_update_tuples: Pair) -> tuple[list[Any], list[Any]]:
    """Returns the values of metrics, and their update operations.

    Args:
        *value_update_tuples: Pairs of both.

    Raises:
        ValueError: There is none.
    """
    if not value_update_tuples:
        raise ValueError("aggregate_metrics needs at least one pair (value, update operation).")
    values, updates = zip(*value_update_tuples, strict=True)
    return list(values), list(updates)


def aggregate_metric_map(
    names_to_tuples: Mapping[str, Pair],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the values of metrics by name, and their update operations by name.

    Args:
        names_to_tuples: Name to a pair of both.
    """
    values = {name: value for name, (value, _) in names_to_tuples.items()}
    return values, {name: update for name, (_, update) in names_to_tuples.items()}
