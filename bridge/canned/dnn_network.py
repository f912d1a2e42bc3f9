"""Hidden layers on feature columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.column_variables import (
    ColumnVariables,
    checked_features,
    scope_name,
    sorted_columns,
    transformations,
)
from kerasrun.bridge.mode_keys import ModeKeys

_BATCH_NORM_MOMENTUM = 0.999
_BATCH_NORM_EPSILON = 0.001

Activation = Callable[[tf.Tensor], tf.Tensor] | str | None


class DNN:
    """A network of fully connected layers, from features to logits.

    Its variables are called as in the original: `dnn/hiddenlayer_0/kernel`, `dnn/logits/bias`,
    `dnn/input_from_feature_columns/input_layer/<column>/embedding_weights`.

    Args:
        hidden_units: How many units each hidden layer has.
        feature_columns: Dense feature columns.
        activation_fn: After each hidden layer; a function, or a name that Keras knows.
        dropout: Which share of a hidden layer's outputs is dropped in training. None: none.
        batch_norm: Whether each hidden layer's outputs are normalised over the batch.
        of_v1: Whether embeddings that columns share are called as by `tf.compat.v1.estimator`:
            `dnn/input_from_feature_columns/<name>`, where `tf.estimator` has only the name.

    Raises:
        ValueError: There are no columns, one is not dense, or an argument makes no sense.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any,
        activation_fn: Activation = tf.nn.relu,
        dropout: float | None = None,
        batch_norm: bool = False,
        *,
        of_v1: bool = False,
    ) -> None:
        self._of_v1 = of_v1
        self._units = [_checked_units(units) for units in hidden_units]
        self._columns = sorted_columns(feature_columns, "feature_columns")
        for column in self._columns:
            if not isinstance(column, tf.__internal__.feature_column.DenseColumn):
                raise ValueError(
                    f"The column {column.name!r} is categorical, and hidden layers take dense "
                    "columns: wrap it in tf.feature_column.embedding_column or indicator_column."
                )
        if dropout is not None and not 0 <= dropout < 1:
            raise ValueError(f"dropout must be from 0 up to below 1; received {dropout!r}.")
        self._activation = keras.activations.get(activation_fn)
        self._dropout, self._batch_norm = dropout, batch_norm

    def logits(self, features: Mapping[str, Any], mode: str, logits_dimension: int) -> tf.Tensor:
        """Builds it in the graph.

        Args:
            features: Dict of name to tensor.
            mode: One of `ModeKeys`.
            logits_dimension: How many logits there are.
        """
        training = mode == ModeKeys.TRAIN
        with v1.variable_scope("dnn", auxiliary_name_scope=False), v1.name_scope("dnn"):
            net = self._input_layer(checked_features(features, self._columns))
            for index, units in enumerate(self._units):
                with v1.variable_scope(f"hiddenlayer_{index}"):
                    net = self._activation(_dense(net, units))
                    if self._dropout and training:
                        net = tf.nn.dropout(net, rate=self._dropout)
                    if self._batch_norm:
                        net = _normalized(net, f"batchnorm_{index}", training=training)
                _summarize(net, f"dnn/hiddenlayer_{index}")
            with v1.variable_scope("logits"):
                logits = _dense(net, logits_dimension)
            _summarize(logits, "dnn/logits")
        return logits

    def _input_layer(self, features: Mapping[str, Any]) -> tf.Tensor:
        """The columns' outputs side by side, `[batch, all their elements]`."""
        cache, outputs = transformations(features), []
        with (
            v1.variable_scope("input_from_feature_columns") as scope,
            v1.variable_scope("input_layer"),
        ):
            shared = scope if self._of_v1 else v1.VariableScope(reuse=False)
            variables = ColumnVariables(shared)
            for column in self._columns:
                with v1.variable_scope(scope_name(column)):
                    column.create_state(variables)
                    output = column.get_dense_tensor(cache, variables)
                size = column.variable_shape.num_elements()
                outputs.append(tf.reshape(output, [tf.shape(output)[0], size]))
        return tf.concat(outputs, axis=1)


def _checked_units(units: Any) -> int:
    if not isinstance(units, int) or units < 1:
        raise ValueError(f"hidden_units must hold whole numbers above 0; found {units!r}.")
    return units


def _dense(inputs: tf.Tensor, units: int) -> tf.Tensor:
    kernel = v1.get_variable(
        "kernel",
        [inputs.shape[-1], units],
        initializer=v1.glorot_uniform_initializer(),
        use_resource=True,
    )
    bias = v1.get_variable("bias", [units], initializer=v1.zeros_initializer(), use_resource=True)
    return tf.nn.bias_add(tf.matmul(inputs, kernel), bias)


def _normalized(inputs: tf.Tensor, name: str, *, training: bool) -> tf.Tensor:
    """Batch normalization (Ioffe and Szegedy, 2015); moving statistics move by `UPDATE_OPS`."""
    size = [inputs.shape[-1]]
    with v1.variable_scope(name):
        gamma, beta = (
            v1.get_variable(each, size, initializer=start, use_resource=True)
            for each, start in (
                ("gamma", v1.ones_initializer()),
                ("beta", v1.zeros_initializer()),
            )
        )
        moving = [
            v1.get_variable(each, size, initializer=start, trainable=False, use_resource=True)
            for each, start in (
                ("moving_mean", v1.zeros_initializer()),
                ("moving_variance", v1.ones_initializer()),
            )
        ]
        if not training:
            mean, variance = moving
        else:
            mean, variance = tf.nn.moments(inputs, axes=[0])
            for held, of_batch in zip(moving, (mean, variance), strict=True):
                change = (held - of_batch) * (1 - _BATCH_NORM_MOMENTUM)
                update = held.assign_sub(change, read_value=False)
                v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
        return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, _BATCH_NORM_EPSILON)


def _summarize(values: tf.Tensor, tag: str) -> None:
    with v1.name_scope(""):
        v1.summary.scalar(f"{tag}/fraction_of_zero_values", tf.math.zero_fraction(values))
        v1.summary.histogram(f"{tag}/activation", values)
