"""`tf.contrib.estimator`: what `tf.estimator` took over from it, under its former names."""

from collections.abc import Callable, Sequence
from typing import Any

from kerasrun import estimator as tf_estimator
from kerasrun.compat.contrib.elsewhere import names_elsewhere

_EXPERIMENTAL = "kerasrun.experimental"
_V1 = "kerasrun.bridge.canned.v1"
_WHERE = {
    **dict.fromkeys(
        (
            "InMemoryEvaluatorHook",
            "make_early_stopping_hook",
            "read_eval_metrics",
            "stop_if_higher_hook",
            "stop_if_lower_hook",
            "stop_if_no_decrease_hook",
            "stop_if_no_increase_hook",
        ),
        _EXPERIMENTAL,
    ),
    **dict.fromkeys(
        ("BaselineEstimator", "DNNEstimator", "DNNLinearCombinedEstimator", "LinearEstimator"),
        _V1,
    ),
    "add_metrics": "kerasrun.estimator",
    "build_raw_supervised_input_receiver_fn": _EXPERIMENTAL,
    "forward_features": "kerasrun.bridge.forward_features",
    "multi_head": "kerasrun.estimator:MultiHead",
}
__all__ = [
    *_WHERE,
    "binary_classification_head",
    "logistic_regression_head",
    "multi_class_head",
    "multi_label_head",
    "poisson_regression_head",
    "regression_head",
]
__getattr__ = names_elsewhere(__name__, _WHERE)
_MEAN = "sum_over_batch_size"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def binary_classification_head(
    weight_column: Any = None,
    thresholds: Sequence[float] | None = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: Any = _MEAN,
    loss_fn: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """Returns a `tf.estimator.BinaryClassHead`; the arguments are its own."""
    return tf_estimator.BinaryClassHead(
        weight_column, thresholds, label_vocabulary, loss_reduction, loss_fn, name, of_v1=True
    )


def multi_class_head(
    n_classes: int,
    weight_column: Any = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: Any = _MEAN,
    loss_fn: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """Returns a `tf.estimator.MultiClassHead`; the arguments are its own."""
    return tf_estimator.MultiClassHead(
        n_classes, weight_column, label_vocabulary, loss_reduction, loss_fn, name, of_v1=True
    )


def multi_label_head(
    n_classes: int,
    weight_column: Any = None,
    thresholds: Sequence[float] | None = None,
    label_vocabulary: Sequence[str] | None = None,
    loss_reduction: Any = _MEAN,
    loss_fn: Callable[..., Any] | None = None,
    classes_for_class_based_metrics: Sequence[int | str] | None = None,
    name: str | None = None,
) -> Any:
    """Returns a `tf.estimator.MultiLabelHead`; the arguments are its own."""
    return tf_estimator.MultiLabelHead(
        n_classes,
        weight_column,
        thresholds,
        label_vocabulary,
        loss_reduction,
        loss_fn,
        classes_for_class_based_metrics,
        name,
    )


def regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: Any = _MEAN,
    loss_fn: Callable[..., Any] | None = None,
    inverse_link_fn: Callable[[Any], Any] | None = None,
    name: str | None = None,
) -> Any:
    """Returns a `tf.estimator.RegressionHead`; the arguments are its own, in another order."""
    return tf_estimator.RegressionHead(
        label_dimension, weight_column, loss_reduction, loss_fn, inverse_link_fn, name, of_v1=True
    )


def poisson_regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: Any = _MEAN,
    compute_full_loss: bool = True,
    name: str | None = None,
) -> Any:
    """Returns a `tf.estimator.PoissonRegressionHead`; the arguments are its own."""
    return tf_estimator.PoissonRegressionHead(
        label_dimension, weight_column, loss_reduction, compute_full_loss, name
    )


def logistic_regression_head(
    weight_column: Any = None, loss_reduction: Any = _MEAN, name: str | None = None
) -> Any:
    """Returns a `tf.estimator.LogisticRegressionHead`; the arguments are its own."""
    return tf_estimator.LogisticRegressionHead(weight_column, loss_reduction, name)
