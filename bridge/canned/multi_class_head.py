"""The head for three classes and more."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.canned.binary_class_head import BinaryClassHead
from kerasrun.bridge.canned.class_labels import ClassLabels
from kerasrun.bridge.canned.head import CLASSIFICATION, DEFAULT, PREDICT, chosen
from kerasrun.bridge.canned.keys import MetricKeys, PredictionKeys
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.shape_checks import checked_labels, checked_logits
from kerasrun.bridge.canned.streaming_metrics import Metric, accuracy
from kerasrun.bridge.canned.weighted_head import LossFn, Terms, WeightedHead
from kerasrun.exporters import ClassificationOutput, ExportOutput, PredictOutput


class MultiClassHead(WeightedHead):
    """A logit for each of three classes or more, trained by the softmax cross entropy.

    See `tf.estimator.MultiClassHead`. Labels are `[batch]` or `[batch, 1]`: integers from 0 to
    `n_classes - 1`, or strings of the vocabulary.

    Args:
        n_classes: How many classes there are.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        label_vocabulary: The labels as text, in the order of their ids. None: labels are ids.
        loss_reduction: A value of `tf.losses.Reduction`.
        loss_fn: Takes `labels`, ids `[batch, 1]`, and `logits`; returns losses `[batch, 1]`.
        name: Ends the names of its metrics.
        of_v1: See `WeightedHead`.

    Raises:
        ValueError: There are fewer than three classes, or an argument is none of these.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        loss_fn: LossFn | None = None,
        name: str | None = None,
        *,
        of_v1: bool = False,
    ) -> None:
        if not isinstance(n_classes, int) or n_classes <= 2:
            raise ValueError(
                f"n_classes must be a whole number above 2; received {n_classes!r}. Two classes "
                "are for a BinaryClassHead."
            )
        super().__init__(n_classes, weight_column, loss_reduction, loss_fn, name, of_v1=of_v1)
        self._classes = ClassLabels(n_classes, label_vocabulary)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, tf.Tensor]:
        """What is predicted from logits; see `Head.predictions`.

        `logits`, `probabilities`, `class_ids`, `classes`, `all_class_ids` and `all_classes`.
        """
        logits = checked_logits(logits, self._logits_dimension)
        ids = tf.argmax(logits, axis=-1)[..., tf.newaxis]
        makers = {
            PredictionKeys.LOGITS: lambda: logits,
            PredictionKeys.PROBABILITIES: lambda: tf.nn.softmax(logits),
            PredictionKeys.CLASS_IDS: lambda: ids,
            PredictionKeys.CLASSES: lambda: self._classes.names(ids),
            PredictionKeys.ALL_CLASS_IDS: lambda: self._classes.all_ids(logits),
            PredictionKeys.ALL_CLASSES: lambda: self._classes.all_names(logits),
        }
        return chosen(makers, keys)

    def export_outputs(self, predictions: Mapping[Any, tf.Tensor]) -> dict[str, ExportOutput]:
        """`serving_default` and `classification`, `predict`."""
        classes = ClassificationOutput(
            predictions[PredictionKeys.PROBABILITIES],
            self._classes.all_names(predictions[PredictionKeys.LOGITS]),
        )
        return {DEFAULT: classes, CLASSIFICATION: classes, PREDICT: PredictOutput(predictions)}

    def _checked_labels(self, labels: Any, logits: tf.Tensor) -> tf.Tensor:
        found = checked_labels(labels, logits, 1)
        if not (found.dtype.is_integer or found.dtype == tf.string):
            raise ValueError(
                f"labels must be integers, the ids of classes; found {found.dtype.name}. Let "
                "input_fn cast them: tf.cast(labels, tf.int32)."
            )
        return self._classes.ids(found)

    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        ids = tf.squeeze(labels, axis=-1)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)
        return losses[..., tf.newaxis]

    def _metrics(self, terms: Terms, logits: tf.Tensor) -> dict[str, Metric]:
        ids = self.predictions(logits, [PredictionKeys.CLASS_IDS])[PredictionKeys.CLASS_IDS]
        labels = tf.cast(terms.labels, ids.dtype)
        return {MetricKeys.ACCURACY: accuracy(labels, ids, terms.weights)}


def class_head(
    n_classes: int,
    weight_column: Any,
    label_vocabulary: Sequence[str] | None,
    loss_reduction: Any,
    *,
    of_v1: bool,
) -> WeightedHead:
    """The head of a classifier: for two classes another one than for more.

    Raises:
        ValueError: There are fewer than two classes, or an argument does not fit.
    """
    if not isinstance(n_classes, int) or n_classes < 2:
        raise ValueError(f"n_classes must be a whole number above 1; received {n_classes!r}.")
    others = {
        "weight_column": weight_column,
        "label_vocabulary": label_vocabulary,
        "loss_reduction": loss_reduction,
        "of_v1": of_v1,
    }
    return BinaryClassHead(**others) if n_classes == 2 else MultiClassHead(n_classes, **others)
