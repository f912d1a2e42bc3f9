"""The heads that predict numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.canned.class_labels import in_range
from kerasrun.bridge.canned.head import DEFAULT, PREDICT, REGRESSION, chosen
from kerasrun.bridge.canned.keys import MetricKeys, PredictionKeys
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.shape_checks import checked_labels, checked_logits
from kerasrun.bridge.canned.streaming_metrics import Metric, mean
from kerasrun.bridge.canned.weighted_head import LossFn, Terms, WeightedHead
from kerasrun.exporters import ExportOutput, PredictOutput, RegressionOutput


class RegressionHead(WeightedHead):
    """Predicts numbers, trained by the squared error; see `tf.estimator.RegressionHead`.

    Labels are `[batch, label_dimension]`, or `[batch]` for one number.

    Args:
        label_dimension: How many numbers an example has.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples, or each
            of their numbers.
        loss_reduction: A value of `tf.losses.Reduction`.
        loss_fn: Takes `labels` and `logits`, both `[batch, label_dimension]`; returns losses of
            that shape.
        inverse_link_fn: Makes predictions of logits; None: they are the same.
        name: Ends the names of its metrics.
        of_v1: See `WeightedHead`.

    Raises:
        ValueError: `label_dimension` is below 1, or an argument is none of these.
        TypeError: `weight_column` is of another type.
    """

    weights_of_each_logit = True

    def __init__(
        self,
        label_dimension: int = 1,
        weight_column: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        loss_fn: LossFn | None = None,
        inverse_link_fn: Callable[[tf.Tensor], tf.Tensor] | None = None,
        name: str | None = None,
        *,
        of_v1: bool = False,
    ) -> None:
        if not isinstance(label_dimension, int) or label_dimension < 1:
            raise ValueError(
                f"label_dimension must be a whole number above 0; received {label_dimension!r}."
            )
        super().__init__(label_dimension, weight_column, loss_reduction, loss_fn, name, of_v1=of_v1)
        self.losses_dimension = label_dimension
        self._inverse_link_fn = inverse_link_fn

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, tf.Tensor]:
        """`predictions`, and with an inverse link `logits`; see `Head.predictions`."""
        logits = checked_logits(logits, self._logits_dimension)
        link = self._inverse_link_fn
        if link is None:
            return chosen({PredictionKeys.PREDICTIONS: lambda: logits}, keys)
        makers = {
            PredictionKeys.PREDICTIONS: lambda: link(logits),
            PredictionKeys.LOGITS: lambda: logits,
        }
        return chosen(makers, keys)

    def export_outputs(self, predictions: Mapping[Any, tf.Tensor]) -> dict[str, ExportOutput]:
        """`serving_default` and `regression`, `predict`."""
        numbers = RegressionOutput(predictions[PredictionKeys.PREDICTIONS])
        return {DEFAULT: numbers, REGRESSION: numbers, PREDICT: PredictOutput(predictions)}

    def _checked_labels(self, labels: Any, logits: tf.Tensor) -> tf.Tensor:
        found = checked_labels(labels, logits, self._logits_dimension)
        if found.dtype == tf.string:
            raise ValueError("labels must be numbers; found strings.")
        return tf.cast(found, tf.float32)

    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        return tf.math.squared_difference(logits, labels)

    def _metrics(self, terms: Terms, logits: tf.Tensor) -> dict[str, Metric]:
        predicted = self.predictions(logits)[PredictionKeys.PREDICTIONS]
        return {
            MetricKeys.PREDICTION_MEAN: mean(predicted, terms.weights, MetricKeys.PREDICTION_MEAN),
            MetricKeys.LABEL_MEAN: mean(terms.labels, terms.weights, MetricKeys.LABEL_MEAN),
        }


class PoissonRegressionHead(RegressionHead):
    """Predicts how often something happens; see `tf.estimator.PoissonRegressionHead`.

    Logits are the logarithms of the predictions.

    Args:
        label_dimension: How many numbers an example has.
        weight_column: As for `RegressionHead`.
        loss_reduction: Likewise.
        compute_full_loss: Whether the loss has the term that depends on labels alone, by
            Stirling's formula.
        name: Ends the names of its metrics.

    Raises:
        ValueError: See `RegressionHead`.
    """

    def __init__(
        self,
        label_dimension: int = 1,
        weight_column: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        compute_full_loss: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(
            label_dimension, weight_column, loss_reduction, inverse_link_fn=tf.exp, name=name
        )
        self._compute_full_loss = compute_full_loss

    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.log_poisson_loss(labels, logits, self._compute_full_loss)


class LogisticRegressionHead(RegressionHead):
    """Predicts a number from 0 to 1, a probability; see `tf.estimator.LogisticRegressionHead`.

    Labels are from 0 to 1, trained by the sigmoid cross entropy.

    Args:
        weight_column: As for `RegressionHead`.
        loss_reduction: Likewise.
        name: Ends the names of its metrics.

    Raises:
        ValueError: See `RegressionHead`.
    """

    def __init__(
        self,
        weight_column: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        name: str | None = None,
    ) -> None:
        super().__init__(1, weight_column, loss_reduction, inverse_link_fn=tf.sigmoid, name=name)

    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=in_range(labels, 2), logits=logits)
