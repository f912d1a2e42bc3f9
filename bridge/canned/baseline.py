"""Estimators that look at no feature: what others are to be better than."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.form import Part, estimator_spec
from kerasrun.bridge.canned.head import Head
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.multi_class_head import class_head
from kerasrun.bridge.canned.regression_head import RegressionHead
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.run_config import RunConfig

_LEARNING_RATE = 0.3


class BaselineEstimator(Estimator):
    """Learns the mean label under any head; see `tf.estimator.BaselineEstimator`.

    Args:
        head: What stands on top: predictions, loss and metrics.
        model_dir: Folder of checkpoints, event files and exports.
        optimizer: `Adagrad`, `Adam`, `Ftrl`, `RMSProp` or `SGD`, with the learning rate 0.3; an
            optimizer of `tf.compat.v1.train` or of these kinds in Keras; or a function that returns
            one.
        config: How it runs.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
    """

    of_v1: ClassVar[bool] = False

    def __init__(
        self,
        head: Head,
        model_dir: str | os.PathLike[str] | None = None,
        optimizer: Any = "Ftrl",
        config: RunConfig | None = None,
    ) -> None:
        part = Part("baseline", optimizer, _LEARNING_RATE)

        def model_fn(features: Mapping[str, Any], labels: Any, mode: str) -> EstimatorSpec:
            logits = _logits(features, head.logits_dimension)
            return estimator_spec(head, features, labels, mode, logits, [part], of_v1=self.of_v1)

        super().__init__(model_fn, model_dir, config)


class BaselineClassifier(BaselineEstimator):
    """Learns how frequent the classes are; see `tf.estimator.BaselineClassifier`.

    Args:
        model_dir: Folder of checkpoints, event files and exports.
        n_classes: How many classes there are. Labels are integers below it, unless there is a
            vocabulary.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        label_vocabulary: The labels as text, in the order of their ids.
        optimizer: See `BaselineEstimator`.
        config: How it runs.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Ftrl",
        config: RunConfig | None = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
    ) -> None:
        head = class_head(
            n_classes, weight_column, label_vocabulary, loss_reduction, of_v1=self.of_v1
        )
        super().__init__(head, model_dir, optimizer, config)


class BaselineRegressor(BaselineEstimator):
    """Learns the mean of numbers; see `tf.estimator.BaselineRegressor`.

    Args:
        model_dir: Folder of checkpoints, event files and exports.
        label_dimension: How many numbers an example has.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        optimizer: See `BaselineEstimator`.
        config: How it runs.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `weight_column` is of another type.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: RunConfig | None = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
    ) -> None:
        head = RegressionHead(label_dimension, weight_column, loss_reduction, of_v1=self.of_v1)
        super().__init__(head, model_dir, optimizer, config)


def _logits(features: Any, logits_dimension: int) -> tf.Tensor:
    """A bias, `baseline/bias`, for each example of the batch."""
    if not isinstance(features, Mapping) or not features:
        raise ValueError(
            "features must be a dict of name to tensor, with one feature at least: it tells how "
            f"many examples there are; received {features!r}."
        )
    first = next(iter(features.values()))
    size = first.dense_shape[0] if isinstance(first, tf.SparseTensor) else tf.shape(first)[0]
    with v1.variable_scope("baseline", auxiliary_name_scope=False):
        bias = v1.get_variable(
            "bias", [logits_dimension], initializer=v1.zeros_initializer(), use_resource=True
        )
    return tf.tile(bias[tf.newaxis], [tf.cast(size, tf.int32), 1])
