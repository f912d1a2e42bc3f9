"""Layer normalization."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope
from kerasrun.compat.contrib.layers.variables import finished, layer_variable


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> tf.Tensor:
    """Normalises each example by its own mean and variance; its variables are `beta` and `gamma`.

    Args:
        inputs: `[batch, ...]`, of a known number of axes.
        center: Whether `beta` is added.
        scale: Whether it is multiplied by `gamma`.
        activation_fn: As in `fully_connected`; the next four arguments too.
        reuse: Likewise.
        variables_collections: Likewise.
        outputs_collections: Likewise.
        trainable: Likewise.
        begin_norm_axis: Mean and variance are taken over this axis and those after it.
        begin_params_axis: The variables have this axis and those after it.
        scope: As in `fully_connected`. None: `LayerNorm`, or a free name like it.

    Raises:
        ValueError: The number of axes, or the size of one of the variables', is not known.
    """
    with v1.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.rank
        shape = inputs.shape[begin_params_axis:] if rank else tf.TensorShape(None)
        if not shape.is_fully_defined():
            raise ValueError(
                f"layer_norm: the shape of the inputs from axis {begin_params_axis} on must be "
                f"known; it is {inputs.shape}."
            )

        def parameter(name: str, start: float) -> Any:
            initializer = v1.constant_initializer(start)
            return layer_variable(
                name,
                shape,
                inputs,
                variables_collections,
                initializer=initializer,
                trainable=trainable,
            )

        beta = parameter("beta", 0.0) if center else None
        gamma = parameter("gamma", 1.0) if scale else None
        axes = list(range(begin_norm_axis % rank, rank))
        mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
        epsilon = 1e-3 if inputs.dtype == tf.float16 else 1e-12
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        return finished(outputs, activation_fn, outputs_collections)
