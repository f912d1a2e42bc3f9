"""Estimators of linear models, as `tf.estimator` has them."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from kerasrun.bridge.canned.form import Part, estimator_spec
from kerasrun.bridge.canned.head import Head
from kerasrun.bridge.canned.linear_network import Linear
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.multi_class_head import class_head
from kerasrun.bridge.canned.regression_head import RegressionHead
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.run_config import RunConfig

_LEARNING_RATE = 0.2


class LinearEstimator(Estimator):
    """A linear model under any head; see `tf.estimator.LinearEstimator`.

    Args:
        head: What stands on top: predictions, loss and metrics.
        feature_columns: Dense and categorical feature columns.
        model_dir: Folder of checkpoints, event files and exports.
        optimizer: `Adagrad`, `Adam`, `Ftrl`, `RMSProp` or `SGD`, with the learning rate 0.2; an
            optimizer of `tf.compat.v1.train` or of these kinds in Keras; or a function that returns
            one. None: Ftrl with the learning rate `min(0.2, 1 / sqrt(columns))`.
        config: How it runs.
        sparse_combiner: `sum`, `mean` or `sqrtn`: what becomes of several values of a categorical
            column in one example.
        warm_start_from: See `Estimator`.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
    """

    of_v1: ClassVar[bool] = False

    def __init__(
        self,
        head: Head,
        feature_columns: Any,
        model_dir: str | os.PathLike[str] | None = None,
        optimizer: Any = "Ftrl",
        config: RunConfig | None = None,
        sparse_combiner: str = "sum",
        warm_start_from: Any = None,
    ) -> None:
        network = Linear(feature_columns, sparse_combiner)
        rate = _LEARNING_RATE
        if optimizer is None:
            optimizer, rate = "Ftrl", min(_LEARNING_RATE, 1 / math.sqrt(network.size))
        part = Part("linear", optimizer, rate, partition="part_0")

        def model_fn(features: Mapping[str, Any], labels: Any, mode: str) -> EstimatorSpec:
            logits = network.logits(features, head.logits_dimension)
            return estimator_spec(head, features, labels, mode, logits, [part], of_v1=self.of_v1)

        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class LinearClassifier(LinearEstimator):
    """A linear model that tells classes; see `tf.estimator.LinearClassifier`.

    Args:
        feature_columns: Dense and categorical feature columns.
        model_dir: Folder of checkpoints, event files and exports.
        n_classes: How many classes there are. Labels are integers below it, unless there is a
            vocabulary.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        label_vocabulary: The labels as text, in the order of their ids.
        optimizer: See `LinearEstimator`.
        config: How it runs.
        warm_start_from: See `Estimator`.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.
        sparse_combiner: See `LinearEstimator`.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        feature_columns: Any,
        model_dir: str | os.PathLike[str] | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Ftrl",
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        sparse_combiner: str = "sum",
    ) -> None:
        head = class_head(
            n_classes, weight_column, label_vocabulary, loss_reduction, of_v1=self.of_v1
        )
        super().__init__(
            head, feature_columns, model_dir, optimizer, config, sparse_combiner, warm_start_from
        )


class LinearRegressor(LinearEstimator):
    """A linear model that predicts numbers; see `tf.estimator.LinearRegressor`.

    Args:
        feature_columns: Dense and categorical feature columns.
        model_dir: Folder of checkpoints, event files and exports.
        label_dimension: How many numbers an example has.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        optimizer: See `LinearEstimator`.
        config: How it runs.
        warm_start_from: See `Estimator`.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.
        sparse_combiner: See `LinearEstimator`.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `weight_column` is of another type.
    """

    def __init__(
        self,
        feature_columns: Any,
        model_dir: str | os.PathLike[str] | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Ftrl",
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        sparse_combiner: str = "sum",
    ) -> None:
        head = RegressionHead(label_dimension, weight_column, loss_reduction, of_v1=self.of_v1)
        super().__init__(
            head, feature_columns, model_dir, optimizer, config, sparse_combiner, warm_start_from
        )
