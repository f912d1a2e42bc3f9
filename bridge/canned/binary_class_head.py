"""The head for two classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.canned.class_labels import ClassLabels, checked_thresholds
from kerasrun.bridge.canned.head import CLASSIFICATION, DEFAULT, PREDICT, REGRESSION, chosen
from kerasrun.bridge.canned.keys import MetricKeys, PredictionKeys
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.shape_checks import checked_labels, checked_logits
from kerasrun.bridge.canned.streaming_metrics import (
    Metric,
    accuracy_baseline,
    at_threshold,
    auc,
    mean,
    of_classes,
)
from kerasrun.bridge.canned.weighted_head import LossFn, Terms, WeightedHead
from kerasrun.exporters import ClassificationOutput, ExportOutput, PredictOutput, RegressionOutput


class BinaryClassHead(WeightedHead):
    """One logit for two classes, trained by the sigmoid cross entropy.

    See `tf.estimator.BinaryClassHead`. Labels are `[batch]` or `[batch, 1]`: 0 and 1, or strings
    of the vocabulary.

    Args:
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        thresholds: For each of them metrics are added, such as
            `accuracy/positive_threshold_0.5`.
        label_vocabulary: The two labels as text. None: labels are 0 and 1, or numbers between.
        loss_reduction: A value of `tf.losses.Reduction`.
        loss_fn: Takes `labels` and `logits`, both float `[batch, 1]`; returns losses `[batch, 1]`.
        name: Ends the names of its metrics.
        of_v1: See `WeightedHead`.

    Raises:
        ValueError: A threshold is not between 0 and 1, or an argument is none of these.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        weight_column: Any = None,
        thresholds: Sequence[float] | None = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        loss_fn: LossFn | None = None,
        name: str | None = None,
        *,
        of_v1: bool = False,
    ) -> None:
        super().__init__(1, weight_column, loss_reduction, loss_fn, name, of_v1=of_v1)
        self._thresholds = checked_thresholds(thresholds)
        self._classes = ClassLabels(2, label_vocabulary)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, tf.Tensor]:
        """What is predicted from logits; see `Head.predictions`.

        `logits`, `logistic` (the probability of the second class), `probabilities`, `class_ids`,
        `classes`, `all_class_ids` and `all_classes`.
        """
        logits = checked_logits(logits, 1)
        both = tf.concat([tf.zeros_like(logits), logits], axis=-1)
        ids = tf.argmax(both, axis=-1)[..., tf.newaxis]
        makers = {
            PredictionKeys.LOGITS: lambda: logits,
            PredictionKeys.LOGISTIC: lambda: tf.sigmoid(logits),
            PredictionKeys.PROBABILITIES: lambda: tf.nn.softmax(both),
            PredictionKeys.CLASS_IDS: lambda: ids,
            PredictionKeys.CLASSES: lambda: self._classes.names(ids),
            PredictionKeys.ALL_CLASS_IDS: lambda: self._classes.all_ids(logits),
            PredictionKeys.ALL_CLASSES: lambda: self._classes.all_names(logits),
        }
        return chosen(makers, keys)

    def export_outputs(self, predictions: Mapping[Any, tf.Tensor]) -> dict[str, ExportOutput]:
        """`serving_default` and `classification`, `regression`, `predict`."""
        classes = ClassificationOutput(
            predictions[PredictionKeys.PROBABILITIES],
            self._classes.all_names(predictions[PredictionKeys.LOGITS]),
        )
        return {
            DEFAULT: classes,
            CLASSIFICATION: classes,
            REGRESSION: RegressionOutput(predictions[PredictionKeys.LOGISTIC]),
            PREDICT: PredictOutput(predictions),
        }

    def _checked_labels(self, labels: Any, logits: tf.Tensor) -> tf.Tensor:
        return tf.cast(self._classes.ids(checked_labels(labels, logits, 1)), tf.float32)

    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

    def _metrics(self, terms: Terms, logits: tf.Tensor) -> dict[str, Metric]:
        labels, _, weights = terms
        logistic = tf.sigmoid(logits)
        ids = self.predictions(logits, [PredictionKeys.CLASS_IDS])[PredictionKeys.CLASS_IDS]
        label_mean = mean(labels, weights, MetricKeys.LABEL_MEAN)
        smooth = not self._of_v1
        found = of_classes(labels, ids, weights) | {
            MetricKeys.PREDICTION_MEAN: mean(logistic, weights, MetricKeys.PREDICTION_MEAN),
            MetricKeys.LABEL_MEAN: label_mean,
            MetricKeys.ACCURACY_BASELINE: accuracy_baseline(label_mean),
            MetricKeys.AUC: auc(labels, logistic, weights, interpolated=smooth),
            MetricKeys.AUC_PR: auc(labels, logistic, weights, curve="PR", interpolated=smooth),
        }
        for threshold in self._thresholds:
            found |= metrics_at(threshold, at_threshold(labels, logistic, weights, threshold))
        return found


def metrics_at(threshold: float, metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """Accuracy, precision and recall under the names that tell the threshold."""
    return {
        MetricKeys.ACCURACY_AT_THRESHOLD % threshold: metrics[MetricKeys.ACCURACY],
        MetricKeys.PRECISION_AT_THRESHOLD % threshold: metrics[MetricKeys.PRECISION],
        MetricKeys.RECALL_AT_THRESHOLD % threshold: metrics[MetricKeys.RECALL],
    }
