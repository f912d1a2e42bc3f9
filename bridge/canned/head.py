"""What stands on top of a network: from logits to predictions, loss, metrics and exports."""

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.keys import MetricKeys
from kerasrun.bridge.canned.streaming_metrics import Metric
from kerasrun.bridge.canned.train_op import TrainOpFn, train_op_of
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.exporters import ExportOutput

PREDICT = "predict"
CLASSIFICATION = "classification"
REGRESSION = "regression"
DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class Head(abc.ABC):
    """Base of all heads; see `tf.estimator.Head`.

    A `model_fn` computes logits and returns `head.create_estimator_spec(...)`. Metrics are not
    objects here, as in the original's `metrics` and `update_metrics`, but pairs of a value and an
    update: `eval_metric_ops`.
    """

    @property
    @abc.abstractmethod
    def name(self) -> str | None:
        """Its name, which ends the names of its metrics: `accuracy/name`."""

    @property
    @abc.abstractmethod
    def logits_dimension(self) -> int:
        """How many logits an example needs: the size of their last dimension."""

    @property
    @abc.abstractmethod
    def loss_reduction(self) -> str:
        """How the losses of a batch become one number."""

    @abc.abstractmethod
    def loss(
        self,
        labels: Any,
        logits: Any,
        features: Mapping[str, Any] | None = None,
        mode: str | None = None,
        regularization_losses: Sequence[Any] | None = None,
    ) -> tf.Tensor:
        """The loss of a batch, a scalar.

        Args:
            labels: See the constructor.
            logits: Float tensor, `[batch, ..., logits_dimension]`.
            features: Dict of name to tensor; the weight column is looked up there.
            mode: Ignored.
            regularization_losses: Scalars that are added.

        Raises:
            ValueError: Labels, logits or weights have another shape or type.
        """

    @abc.abstractmethod
    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, tf.Tensor]:
        """What is predicted from logits, by name.

        Args:
            logits: Float tensor, `[batch, ..., logits_dimension]`.
            keys: Which predictions. None: all of them.

        Raises:
            ValueError: `keys` has a name that there is not.
        """

    @abc.abstractmethod
    def eval_metric_ops(
        self,
        features: Mapping[str, Any] | None,
        logits: Any,
        labels: Any,
        regularization_losses: Sequence[Any] | None = None,
    ) -> dict[str, Metric]:
        """The metrics of an evaluation: pairs of a value and the operation that updates it.

        Args:
            features: As `loss` takes them.
            logits: Likewise.
            labels: Likewise.
            regularization_losses: Likewise.
        """

    @abc.abstractmethod
    def export_outputs(self, predictions: Mapping[Any, tf.Tensor]) -> dict[str, ExportOutput]:
        """The signatures of an export.

        Args:
            predictions: All of `predictions`.
        """

    def create_estimator_spec(
        self,
        features: Mapping[str, Any],
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        trainable_variables: Sequence[Any] | None = None,
        train_op_fn: TrainOpFn | None = None,
        update_ops: Sequence[Any] | None = None,
        regularization_losses: Sequence[Any] | None = None,
    ) -> EstimatorSpec:
        """What a `model_fn` returns.

        Args:
            features: Dict of name to tensor.
            mode: One of `ModeKeys`.
            logits: Float tensor, `[batch, ..., logits_dimension]`.
            labels: See the constructor; not needed to predict.
            optimizer: A `tf.compat.v1.train.Optimizer` or a `keras.optimizers.Optimizer`. It counts
                the step, too.
            trainable_variables: What it trains. None: all trainable variables of the graph.
            train_op_fn: Takes the loss and returns the operation that does one update and counts
                the step; in place of `optimizer`.
            update_ops: Operations that run with each update.
            regularization_losses: Scalars that are added to the loss.

        Raises:
            ValueError: Labels, logits or weights have another shape or type; to train, not exactly
                one of `optimizer` and `train_op_fn` is given.
        """
        with v1.name_scope(self.name, "head"):
            predictions = self.predictions(logits)
            if mode == ModeKeys.PREDICT:
                return EstimatorSpec(
                    mode, predictions, export_outputs=self.export_outputs(predictions)
                )
            loss = self.loss(labels, logits, features, mode, regularization_losses)
            if mode == ModeKeys.EVAL:
                metrics = self.eval_metric_ops(features, logits, labels, regularization_losses)
                return EstimatorSpec(mode, predictions, loss, eval_metric_ops=metrics)
            with self._training_scope():
                train_op = train_op_of(
                    loss, optimizer, trainable_variables, train_op_fn, update_ops
                )
        with v1.name_scope(""):
            for key, value in self._summaries(loss, labels, logits, features).items():
                v1.summary.scalar(key, value)
            if regularization_losses:
                key = self._key(MetricKeys.LOSS_REGULARIZATION)
                v1.summary.scalar(key, tf.add_n(regularization_losses))
        return EstimatorSpec(mode, predictions, loss, train_op)

    @contextmanager
    def _training_scope(self) -> Iterator[None]:
        """Names of what an optimizer makes begin with `training/`, in checkpoints too."""
        with v1.name_scope(""), v1.name_scope("training"):
            yield

    def _summaries(
        self, loss: tf.Tensor, labels: Any, logits: Any, features: Any
    ) -> dict[str, tf.Tensor]:
        """What training writes besides `loss`, which every Estimator writes."""
        return {} if self.name is None else {self._key(MetricKeys.LOSS): loss}

    def _key(self, key: str) -> str:
        return key if self.name is None else f"{key}/{self.name}"


def regularized(loss: tf.Tensor, regularization_losses: Sequence[Any] | None) -> tf.Tensor:
    """The loss with what is added to it."""
    return loss + tf.add_n(regularization_losses) if regularization_losses else loss


def chosen(
    makers: Mapping[str, Callable[[], tf.Tensor]], keys: Sequence[str] | None
) -> dict[Any, tf.Tensor]:
    """Makes the predictions of these names, all of them where `keys` is None or empty.

    Raises:
        ValueError: There is no such name.
    """
    unknown = [key for key in keys or () if key not in makers]
    if unknown:
        raise ValueError(f"There is no prediction {unknown[0]!r}; there are {list(makers)}.")
    return {key: make() for key, make in makers.items() if not keys or key in keys}
