"""Estimators of fully connected networks, as `tf.estimator` has them."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from kerasrun.bridge.canned.dnn_network import DNN, Activation
from kerasrun.bridge.canned.form import Part, estimator_spec
from kerasrun.bridge.canned.head import Head
from kerasrun.bridge.canned.loss_reduction import SUM_OVER_BATCH_SIZE
from kerasrun.bridge.canned.multi_class_head import class_head
from kerasrun.bridge.canned.regression_head import RegressionHead
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.run_config import RunConfig

_V1_LEARNING_RATE = 0.05


class DNNEstimator(Estimator):
    """A network of hidden layers under any head; see `tf.estimator.DNNEstimator`.

    Args:
        head: What stands on top: predictions, loss and metrics.
        hidden_units: How many units each hidden layer has.
        feature_columns: Dense feature columns.
        model_dir: Folder of checkpoints, event files and exports.
        optimizer: `Adagrad`, `Adam`, `Ftrl`, `RMSProp` or `SGD`, with Keras's own learning rates;
            an optimizer of `tf.compat.v1.train` or of these kinds in Keras; or a function that
            returns one.
        activation_fn: After each hidden layer; a function, or a name that Keras knows.
        dropout: Which share of a hidden layer's outputs is dropped in training. None: none.
        config: How it runs.
        warm_start_from: See `Estimator`.
        batch_norm: Whether each hidden layer's outputs are normalised over the batch.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
    """

    of_v1: ClassVar[bool] = False

    def __init__(
        self,
        head: Head,
        hidden_units: Sequence[int],
        feature_columns: Any,
        model_dir: str | os.PathLike[str] | None = None,
        optimizer: Any = "Adagrad",
        activation_fn: Activation = tf.nn.relu,
        dropout: float | None = None,
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        batch_norm: bool = False,
    ) -> None:
        network = DNN(
            hidden_units, feature_columns, activation_fn, dropout, batch_norm, of_v1=self.of_v1
        )
        part = Part("dnn", optimizer, _V1_LEARNING_RATE if self.of_v1 else None, partition="t_0")

        def model_fn(features: Mapping[str, Any], labels: Any, mode: str) -> EstimatorSpec:
            logits = network.logits(features, mode, head.logits_dimension)
            return estimator_spec(head, features, labels, mode, logits, [part], of_v1=self.of_v1)

        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class DNNClassifier(DNNEstimator):
    """A network of hidden layers that tells classes; see `tf.estimator.DNNClassifier`.

    Args:
        hidden_units: How many units each hidden layer has.
        feature_columns: Dense feature columns.
        model_dir: Folder of checkpoints, event files and exports.
        n_classes: How many classes there are. Labels are integers below it, unless there is a
            vocabulary.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        label_vocabulary: The labels as text, in the order of their ids.
        optimizer: See `DNNEstimator`.
        activation_fn: Likewise.
        dropout: Likewise.
        config: How it runs.
        warm_start_from: See `Estimator`.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.
        batch_norm: See `DNNEstimator`.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `label_vocabulary` or `weight_column` is of another type.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any,
        model_dir: str | os.PathLike[str] | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Adagrad",
        activation_fn: Activation = tf.nn.relu,
        dropout: float | None = None,
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(
            class_head(
                n_classes, weight_column, label_vocabulary, loss_reduction, of_v1=self.of_v1
            ),
            hidden_units,
            feature_columns,
            model_dir,
            optimizer,
            activation_fn,
            dropout,
            config,
            warm_start_from,
            batch_norm,
        )


class DNNRegressor(DNNEstimator):
    """A network of hidden layers that predicts numbers; see `tf.estimator.DNNRegressor`.

    Args:
        hidden_units: How many units each hidden layer has.
        feature_columns: Dense feature columns.
        model_dir: Folder of checkpoints, event files and exports.
        label_dimension: How many numbers an example has.
        weight_column: Name of a feature, or a `numeric_column`, that weighs the examples.
        optimizer: See `DNNEstimator`.
        activation_fn: Likewise.
        dropout: Likewise.
        config: How it runs.
        warm_start_from: See `Estimator`.
        loss_reduction: A value of `tf.losses.Reduction`: how the losses of a batch become one
            number.
        batch_norm: See `DNNEstimator`.

    Raises:
        ValueError: An argument makes no sense; the message tells which.
        TypeError: `weight_column` is of another type.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any,
        model_dir: str | os.PathLike[str] | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = "Adagrad",
        activation_fn: Activation = tf.nn.relu,
        dropout: float | None = None,
        config: RunConfig | None = None,
        warm_start_from: Any = None,
        loss_reduction: Any = SUM_OVER_BATCH_SIZE,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(
            RegressionHead(label_dimension, weight_column, loss_reduction, of_v1=self.of_v1),
            hidden_units,
            feature_columns,
            model_dir,
            optimizer,
            activation_fn,
            dropout,
            config,
            warm_start_from,
            batch_norm,
        )
