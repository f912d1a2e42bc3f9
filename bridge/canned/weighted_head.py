"""What heads with one loss, one weight column and one kind of label have in common."""

import abc
import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.canned.head import Head, regularized
from kerasrun.bridge.canned.keys import MetricKeys
from kerasrun.bridge.canned.loss_reduction import (
    SUM,
    SUM_OVER_BATCH_SIZE,
    checked_reduction,
    reduced_loss,
)
from kerasrun.bridge.canned.shape_checks import (
    checked_logits,
    checked_weight_column,
    example_weights,
)
from kerasrun.bridge.canned.streaming_metrics import Metric, mean

LossFn = Callable[..., Any]

_LOSS_FN_NEEDS = ("labels", "logits")
_LOSS_FN_TAKES = (*_LOSS_FN_NEEDS, "features", "loss_reduction")


class Terms(NamedTuple):
    """What a loss is made of.

    Attributes:
        labels: As the loss takes them, `[batch, ..., n]`.
        losses: Of each example, before weighing.
        weights: A number, or a tensor that can be broadcast to `losses`.
    """

    labels: tf.Tensor
    losses: tf.Tensor
    weights: Any


class WeightedHead(Head):
    """Base of these heads.

    Args:
        logits_dimension: How many logits an example has.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        loss_reduction: A value of `tf.losses.Reduction`, or of its `tf.compat.v1` form.
        loss_fn: Takes `labels` and `logits`, and `features` where it names it; returns the losses.
        name: Ends the names of its metrics.
        of_v1: Whether it is that of the `tf.compat.v1.estimator` classes: areas under curves are
            those of `tf.compat.v1.metrics.auc`, and training writes `average_loss`.

    Raises:
        ValueError: The reduction is none, or `loss_fn` has other arguments.
        TypeError: `weight_column` is something else.
    """

    losses_dimension = 1
    weights_of_each_logit = False

    def __init__(
        self,
        logits_dimension: int,
        weight_column: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        loss_fn: LossFn | None = None,
        name: str | None = None,
        *,
        of_v1: bool = False,
    ) -> None:
        self._logits_dimension, self._name, self._of_v1 = logits_dimension, name, of_v1
        self._weight_column = checked_weight_column(weight_column)
        self._loss_reduction = checked_reduction(loss_reduction)
        self._loss_fn = None if loss_fn is None else _checked_loss_fn(loss_fn)

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._name

    @property
    def logits_dimension(self) -> int:
        """How many logits an example needs."""
        return self._logits_dimension

    @property
    def loss_reduction(self) -> str:
        """How the losses of a batch become one number."""
        return self._loss_reduction

    def loss(
        self,
        labels: Any,
        logits: Any,
        features: Mapping[str, Any] | None = None,
        mode: str | None = None,
        regularization_losses: Sequence[Any] | None = None,
    ) -> tf.Tensor:
        """The loss of a batch; see `Head.loss`."""
        terms = self._terms(features, logits, labels)
        loss = reduced_loss(terms.losses, terms.weights, self._loss_reduction)
        return regularized(loss, regularization_losses)

    def eval_metric_ops(
        self,
        features: Mapping[str, Any] | None,
        logits: Any,
        labels: Any,
        regularization_losses: Sequence[Any] | None = None,
    ) -> dict[str, Metric]:
        """The metrics of an evaluation; see `Head.eval_metric_ops`."""
        terms = self._terms(features, logits, labels)
        found = {MetricKeys.LOSS_MEAN: mean(terms.losses, terms.weights, MetricKeys.LOSS_MEAN)}
        found |= self._metrics(terms, checked_logits(logits, self._logits_dimension))
        if regularization_losses:
            key = MetricKeys.LOSS_REGULARIZATION
            found[key] = mean(tf.add_n(regularization_losses), 1.0, key)
        return {self._key(key): metric for key, metric in found.items()}

    @abc.abstractmethod
    def _metrics(self, terms: Terms, logits: tf.Tensor) -> dict[str, Metric]:
        """Its own metrics, by names that do not end in its own."""

    @abc.abstractmethod
    def _checked_labels(self, labels: Any, logits: tf.Tensor) -> tf.Tensor:
        """The labels as the loss takes them."""

    @abc.abstractmethod
    def _losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """The losses of examples, `[batch, ..., losses_dimension]`."""

    def _terms(self, features: Any, logits: Any, labels: Any) -> Terms:
        logits = checked_logits(logits, self._logits_dimension)
        labels = self._checked_labels(labels, logits)
        weights = example_weights(
            features, self._weight_column, logits, of_each_logit=self.weights_of_each_logit
        )
        if self._loss_fn is None:
            return Terms(labels, self._losses(labels, logits), weights)
        given = {"features": features, "loss_reduction": self._loss_reduction}
        taken = {
            key: given[key] for key in given if key in inspect.signature(self._loss_fn).parameters
        }
        losses = tf.convert_to_tensor(self._loss_fn(labels=labels, logits=logits, **taken))
        return Terms(labels, self._fitting(losses, logits), weights)

    def _fitting(self, losses: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        told = f"loss_fn must return losses of shape [batch, {self.losses_dimension}]"
        expected = tf.concat([tf.shape(logits)[:-1], [self.losses_dimension]], axis=0)
        if losses.shape.rank != logits.shape.rank or losses.shape[-1] not in (
            None,
            self.losses_dimension,
        ):
            raise ValueError(f"{told}; it returned a tensor of shape {losses.shape}.")
        with tf.control_dependencies(
            [tf.debugging.assert_equal(tf.shape(losses), expected, message=told)]
        ):
            return tf.identity(losses)

    @contextmanager
    def _training_scope(self) -> Iterator[None]:
        with contextlib.nullcontext() if self._of_v1 else super()._training_scope():
            yield

    def _summaries(
        self, loss: tf.Tensor, labels: Any, logits: Any, features: Any
    ) -> dict[str, tf.Tensor]:
        found = super()._summaries(loss, labels, logits, features)
        if self._of_v1 and self._loss_reduction == SUM:
            _, losses, weights = self._terms(features, logits, labels)
            average = reduced_loss(losses, weights, checked_reduction("weighted_mean"))
            found[self._key(MetricKeys.LOSS_MEAN)] = average
        return found


def _checked_loss_fn(loss_fn: LossFn) -> LossFn:
    if not callable(loss_fn):
        raise ValueError(f"loss_fn must be a function; received {loss_fn!r}.")
    taken = list(inspect.signature(loss_fn).parameters)
    missing = [name for name in _LOSS_FN_NEEDS if name not in taken]
    unknown = [name for name in taken if name not in _LOSS_FN_TAKES]
    if missing or unknown:
        raise ValueError(
            f"loss_fn must take labels and logits, and may take features and loss_reduction; it "
            f"takes {taken}."
        )
    return loss_fn
