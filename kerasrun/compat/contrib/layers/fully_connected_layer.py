"""The fully connected layer."""

import functools
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope
from kerasrun.compat.contrib.layers.initializers import xavier_initializer
from kerasrun.compat.contrib.layers.variables import (
    finished,
    known_dimension,
    layer_variable,
    normalized_or_biased,
)

_ZEROS = v1.zeros_initializer()
_XAVIER = xavier_initializer()


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = tf.nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """A fully connected layer; its variables are `weights` and `biases`.

    Args:
        inputs: `[batch, ..., size]`.
        num_outputs: How many outputs.
        activation_fn: Of the outputs. None: they stay as they are.
        normalizer_fn: Normalises the outputs, such as `batch_norm`; there are no biases then.
        normalizer_params: Its arguments.
        weights_initializer: Of the weights `[size, num_outputs]`.
        weights_regularizer: Adds a loss to the collection of regularization losses.
        biases_initializer: Of the biases. None: there are none.
        biases_regularizer: As that of the weights.
        reuse: Whether the variables are there already.
        variables_collections: Where they are noted; or kind of variable to that.
        outputs_collections: Where the outputs are noted.
        trainable: Whether training changes the variables.
        scope: Their scope. None: `fully_connected`, or a free name like it.

    Returns:
        `[batch, ..., num_outputs]`.

    Raises:
        ValueError: `num_outputs` is no whole number, or the size of the inputs is not known.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(
            f"fully_connected: num_outputs must be a whole number; received {num_outputs!r}."
        )
    with v1.variable_scope(scope, "fully_connected", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        size = known_dimension(inputs, -1, "fully_connected")
        common = {"like": inputs, "collections": variables_collections, "trainable": trainable}
        weights = layer_variable(
            "weights",
            [size, num_outputs],
            initializer=weights_initializer,
            regularizer=weights_regularizer,
            **common,
        )
        if inputs.shape.rank == 2:
            outputs = tf.matmul(inputs, weights)
        else:
            outputs = tf.tensordot(inputs, weights, 1)
            outputs.set_shape([*inputs.shape[:-1], num_outputs])
        biases = {
            "shape": [num_outputs],
            "initializer": biases_initializer,
            "regularizer": biases_regularizer,
            **common,
        }
        outputs = normalized_or_biased(outputs, normalizer_fn, normalizer_params, biases)
        return finished(outputs, activation_fn, outputs_collections)


linear = functools.partial(fully_connected, activation_fn=None)
relu = functools.partial(fully_connected, activation_fn=tf.nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=tf.nn.relu6)
