"""The head for examples that may belong to several classes at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.canned.binary_class_head import metrics_at
from kerasrun.bridge.canned.class_labels import ClassLabels, checked_thresholds, in_range
from kerasrun.bridge.canned.head import CLASSIFICATION, DEFAULT, PREDICT, chosen
from kerasrun.bridge.canned.keys import MetricKeys, PredictionKeys
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.shape_checks import checked_labels, checked_logits
from kerasrun.bridge.canned.streaming_metrics import Metric, at_threshold, auc, mean
from kerasrun.bridge.canned.weighted_head import LossFn, Terms, WeightedHead
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.exporters import ClassificationOutput, ExportOutput, PredictOutput


class MultiLabelHead(WeightedHead):
    """A logit for each of several classes, each of which holds or not, for itself.

    See `tf.estimator.MultiLabelHead`. Labels are a dense tensor `[batch, n_classes]` of 0 and 1, or
    a `tf.SparseTensor` of ids, or of strings of the vocabulary. The loss of an example is the mean
    of its sigmoid cross entropies.

    Args:
        n_classes: How many classes there are, two or more.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        thresholds: For each of them metrics are added, such as
            `accuracy/positive_threshold_0.5`.
        label_vocabulary: The labels as text, in the order of their ids.
        loss_reduction: A value of `tf.losses.Reduction`.
        loss_fn: Takes `labels` and `logits`, both `[batch, n_classes]`; returns losses
            `[batch, 1]`.
        classes_for_class_based_metrics: Ids, or labels of the vocabulary: for each of them metrics
            are added, such as `auc/class0`.
        name: Ends the names of its metrics.

    Raises:
        ValueError: There are fewer than two classes, a class is none of them, a threshold is not
            between 0 and 1, or an argument is none of these.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        thresholds: Sequence[float] | None = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        loss_fn: LossFn | None = None,
        classes_for_class_based_metrics: Sequence[int | str] | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(n_classes, int) or n_classes < 2:
            raise ValueError(f"n_classes must be a whole number above 1; received {n_classes!r}.")
        super().__init__(n_classes, weight_column, loss_reduction, loss_fn, name)
        self._thresholds = checked_thresholds(thresholds)
        self._classes = ClassLabels(n_classes, label_vocabulary)
        self._looked_at = [self._id(each) for each in classes_for_class_based_metrics or ()]

    def _id(self, given: int | str) -> int:
        known = self._classes.vocabulary or []
        if isinstance(given, int) and 0 <= given < self._logits_dimension:
            return given
        if given not in known:
            allowed = known or f"0 to {self._logits_dimension - 1}"
            raise ValueError(
                f"classes_for_class_based_metrics: there is no class {given!r}; there are "
                f"{allowed}.{did_you_mean(str(given), map(str, known))}"
            )
        return known.index(given)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, tf.Tensor]:
        """What is predicted from logits; see `Head.predictions`.

        `logits`, `probabilities` (of each class for itself) and `classes`: the labels of all.
        """
        logits = checked_logits(logits, self._logits_dimension)
        makers = {
            PredictionKeys.LOGITS: lambda: logits,
            PredictionKeys.PROBABILITIES: lambda: tf.sigmoid(logits),
            PredictionKeys.CLASSES: lambda: self._classes.all_names(logits),
        }
        return chosen(makers, keys)

    def export_outputs(self, predictions: Mapping[Any, tf.Tensor]) -> dict[str, ExportOutput]:
        """`serving_default` and `classification`, `predict`."""
        classes = ClassificationOutput(
            predictions[PredictionKeys.PROBABILITIES], predictions[PredictionKeys.CLASSES]
        )
        return {DEFAULT: classes, CLASSIFICATION: classes, PREDICT: PredictOutput(predictions)}

    def _checked_labels(self, labels: Any, logits: tf.Tensor) -> tf.Tensor:
        if isinstance(labels, tf.SparseTensor):
            ids = tf.cast(self._classes.ids(labels.values), tf.int64)
            which = tf.SparseTensor(labels.indices, ids, labels.dense_shape)
            indicator = tf.sparse.to_indicator(which, self._logits_dimension)
        else:
            indicator = checked_labels(labels, logits, self._logits_dimension)
            if indicator.dtype == tf.string:
                raise ValueError(
                    "labels must be 0 and 1 for each class, or a SparseTensor of labels; found a "
                    "dense tensor of strings."
                )
            indicator = in_range(tf.cast(indicator, tf.float32), 2)
        return checked_labels(tf.cast(indicator, tf.float32), logits, self._logits_dimension)

    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        return tf.reduce_mean(losses, axis=-1, keepdims=True)

    def _metrics(self, terms: Terms, logits: tf.Tensor) -> dict[str, Metric]:
        labels, _, weights = terms
        probabilities = tf.sigmoid(logits)
        found = {
            MetricKeys.AUC: auc(labels, probabilities, weights),
            MetricKeys.AUC_PR: auc(labels, probabilities, weights, curve="PR"),
        }
        for threshold in self._thresholds:
            found |= metrics_at(threshold, at_threshold(labels, probabilities, weights, threshold))
        for class_id in self._looked_at:
            one = slice(class_id, class_id + 1)
            found |= self._metrics_of(class_id, labels[..., one], probabilities[..., one], weights)
        return found

    def _metrics_of(
        self, class_id: int, labels: tf.Tensor, probabilities: tf.Tensor, weights: Any
    ) -> dict[str, Metric]:
        known = self._classes.vocabulary
        if known is None:
            told: Any = class_id
            keys = (
                MetricKeys.PROBABILITY_MEAN_AT_CLASS,
                MetricKeys.AUC_AT_CLASS,
                MetricKeys.AUC_PR_AT_CLASS,
            )
        else:
            told = tf.compat.as_str(known[class_id])
            keys = (
                MetricKeys.PROBABILITY_MEAN_AT_NAME,
                MetricKeys.AUC_AT_NAME,
                MetricKeys.AUC_PR_AT_NAME,
            )
        of_mean, area, area_pr = (key % told for key in keys)
        return {
            of_mean: mean(probabilities, weights, "probability_mean"),
            area: auc(labels, probabilities, weights),
            area_pr: auc(labels, probabilities, weights, curve="PR"),
        }
