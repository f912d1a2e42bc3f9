"""Estimators of a linear model beside a network, "wide and deep", as `tf.estimator` has them."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from kerasrun.bridge.canned.dnn_network import DNN, Activation
from kerasrun.bridge.canned.form import Part, estimator_spec
from kerasrun.bridge.canned.head import Head
from kerasrun.bridge.canned.linear_network import Linear
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.multi_class_head import class_head
from kerasrun.bridge.canned.regression_head import RegressionHead
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.run_config import RunConfig

_DNN_LEARNING_RATE = 0.001
_LINEAR_LEARNING_RATE = 0.005


class DNNLinearCombinedEstimator(Estimator):
    """Both under any head, their logits added up; see `tf.estimator.DNNLinearCombinedEstimator`.

    "Wide & Deep", Cheng and others, 2016. Each part has an optimizer of its own, and its columns;
    one part may be left out.

    Args:
        head: What stands on top: predictions, loss and metrics.
        model_dir: Folder of checkpoints, event files and exports.
        linear_feature_columns: Dense and categorical feature columns of the linear part.
        linear_optimizer: `Adagrad`, `Adam`, `Ftrl`, `RMSProp` or `SGD`, with the learning rate
            `min(0.005, 1 / sqrt(linear columns))`; an optimizer of `tf.compat.v1.train` or of these
            kinds in Keras; or a function that returns one.
        dnn_feature_columns: Dense feature columns of the hidden layers.
        dnn_optimizer: Likewise, with the learning rate 0.001.
        dnn_hidden_units: How many units each hidden layer has.
        dnn_activation_fn: After each hidden layer; a function, or a name that Keras knows.
        dnn_dropout: Which share of a hidden layer's outputs is dropped in training. None: none.
        config: How it runs.
        batch_norm: Whether each hidden layer's outputs are normalised over the batch.
        linear_sparse_combiner: `sum`, `mean` or `sqrtn`: what becomes of several values of a
            categorical column in one example.
        warm_start_from: See `Estimator`.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
    """

    of_v1: ClassVar[bool] = False

    def __init__(
        self,
        head: Head,
        model_dir: str | os.PathLike[str] | None = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Activation = tf.nn.relu,
        dnn_dropout: float | None = None,
        config: RunConfig | None = None,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
        warm_start_from: Any = None,
    ) -> None:
        if not linear_feature_columns and not dnn_feature_columns:
            raise ValueError(
                "Give linear_feature_columns, dnn_feature_columns, or both; neither was given."
            )
        if dnn_feature_columns and not dnn_hidden_units:
            raise ValueError("dnn_feature_columns need dnn_hidden_units; they were not given.")
        parts: list[Part] = []
        deep = wide = None
        if dnn_feature_columns:
            deep = DNN(
                dnn_hidden_units or (),
                dnn_feature_columns,
                dnn_activation_fn,
                dnn_dropout,
                batch_norm,
                of_v1=self.of_v1,
            )
            parts.append(Part("dnn", dnn_optimizer, _DNN_LEARNING_RATE))
        if linear_feature_columns:
            wide = Linear(linear_feature_columns, linear_sparse_combiner)
            rate = min(_LINEAR_LEARNING_RATE, 1 / math.sqrt(wide.size))
            parts.append(Part("linear", linear_optimizer, rate))

        def model_fn(features: Mapping[str, Any], labels: Any, mode: str) -> EstimatorSpec:
            each = []
            if deep is not None:
                each.append(deep.logits(features, mode, head.logits_dimension))
            if wide is not None:
                each.append(wide.logits(features, head.logits_dimension))
            return estimator_spec(
                head, features, labels, mode, tf.add_n(each), parts, of_v1=self.of_v1
            )

        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class DNNLinearCombinedClassifier(DNNLinearCombinedEstimator):
    """Both, to tell classes; see `tf.estimator.DNNLinearCombinedClassifier`.

    Args:
        model_dir: Folder of checkpoints, event files and exports.
        linear_feature_columns: See `DNNLinearCombinedEstimator`.
        linear_optimizer: Likewise.
        dnn_feature_columns: Likewise.
        dnn_optimizer: Likewise.
        dnn_hidden_units: Likewise.
        dnn_activation_fn: Likewise.
        dnn_dropout: Likewise.
        n_classes: How many classes there are. Labels are integers below it, unless there is a
            vocabulary.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        label_vocabulary: The labels as text, in the order of their ids.
        config: How it runs.
        warm_start_from: See `Estimator`.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.
        batch_norm: See `DNNLinearCombinedEstimator`.
        linear_sparse_combiner: Likewise.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Activation = tf.nn.relu,
        dnn_dropout: float | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ) -> None:
        super().__init__(
            class_head(
                n_classes, weight_column, label_vocabulary, loss_reduction, of_v1=self.of_v1
            ),
            model_dir,
            linear_feature_columns,
            linear_optimizer,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            dnn_activation_fn,
            dnn_dropout,
            config,
            batch_norm,
            linear_sparse_combiner,
            warm_start_from,
        )


class DNNLinearCombinedRegressor(DNNLinearCombinedEstimator):
    """Both, to predict numbers; see `tf.estimator.DNNLinearCombinedRegressor`.

    Args:
        model_dir: Folder of checkpoints, event files and exports.
        linear_feature_columns: See `DNNLinearCombinedEstimator`.
        linear_optimizer: Likewise.
        dnn_feature_columns: Likewise.
        dnn_optimizer: Likewise.
        dnn_hidden_units: Likewise.
        dnn_activation_fn: Likewise.
        dnn_dropout: Likewise.
        label_dimension: How many numbers an example has.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        config: How it runs.
        warm_start_from: See `Estimator`.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.
        batch_norm: See `DNNLinearCombinedEstimator`.
        linear_sparse_combiner: Likewise.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `weight_column` is of another type.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = "Ftrl",
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Activation = tf.nn.relu,
        dnn_dropout: float | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
    ) -> None:
        super().__init__(
            RegressionHead(label_dimension, weight_column, loss_reduction, of_v1=self.of_v1),
            model_dir,
            linear_feature_columns,
            linear_optimizer,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            dnn_activation_fn,
            dnn_dropout,
            config,
            batch_norm,
            linear_sparse_combiner,
            warm_start_from,
        )
