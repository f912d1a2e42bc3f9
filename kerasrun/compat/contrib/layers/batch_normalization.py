"""Batch normalization."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope
from kerasrun.compat.contrib.layers.simple import chosen
from kerasrun.compat.contrib.layers.variables import (
    channel_axis,
    finished,
    known_dimension,
    layer_variable,
)

_STARTS = {"beta": 0.0, "gamma": 1.0, "moving_mean": 0.0, "moving_variance": 1.0}


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    param_initializers: Mapping[str, Any] | None = None,
    param_regularizers: Mapping[str, Any] | None = None,
    updates_collections: Any = v1.GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_decay: float = 0.99,
    adjustment: Any = None,
) -> tf.Tensor:
    """Normalises each channel by mean and variance: of the batch while training, else moving ones.

    Its variables are `beta`, `gamma`, `moving_mean` and `moving_variance`.

    Args:
        inputs: `[batch, ..., channels]`, or `[batch, channels, height, width]`.
        decay: How slowly the moving values follow.
        center: Whether `beta` is added.
        scale: Whether it is multiplied by `gamma`.
        epsilon: Added to the variance.
        activation_fn: Of the outputs. None: they stay as they are.
        param_initializers: Name of a variable to its initializer.
        param_regularizers: Likewise.
        updates_collections: Where the operations that move the moving values are noted; they must
            run with each update, as `optimize_loss` sees to. None: they run with the layer.
        is_training: A truth value, or a tensor of one.
        reuse: As in `fully_connected`.
        variables_collections: Likewise.
        outputs_collections: Likewise.
        trainable: Whether training changes `beta` and `gamma`.
        batch_weights: Not supported.
        fused: Whether the variance that moves is that of a sample, as it is of inputs of two or
            four axes. None: it is.
        data_format: `NHWC` or `NCHW`.
        zero_debias_moving_mean: Not supported.
        scope: As in `fully_connected`. None: `BatchNorm`, or a free name like it.
        renorm: Not supported.
        renorm_clipping: Not supported.
        renorm_decay: Not used.
        adjustment: Not supported.

    Raises:
        ValueError: What is not supported is given, or it is not known how many channels there are.
    """
    _refuse(
        batch_weights=batch_weights,
        zero_debias_moving_mean=zero_debias_moving_mean,
        renorm=renorm,
        renorm_clipping=renorm_clipping,
        adjustment=adjustment,
    )
    with v1.variable_scope(scope, "BatchNorm", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        axis = channel_axis(inputs, data_format, "batch_norm") if data_format == "NCHW" else -1
        channels = known_dimension(inputs, axis, "batch_norm")
        initializers = {
            name: v1.constant_initializer(start) for name, start in _STARTS.items()
        } | dict(param_initializers or {})

        def parameter(name: str, *, moves: bool = False) -> Any:
            return layer_variable(
                name,
                [channels],
                inputs,
                variables_collections,
                initializer=initializers[name],
                regularizer=(param_regularizers or {}).get(name),
                trainable=trainable and not moves,
            )

        beta = parameter("beta") if center else None
        gamma = parameter("gamma") if scale else None
        moving = parameter("moving_mean", moves=True), parameter("moving_variance", moves=True)
        of_sample = fused is not False and inputs.shape.rank in (2, 4)
        others = [each for each in range(inputs.shape.rank) if each != axis % inputs.shape.rank]
        batch = tf.nn.moments(inputs, others)
        mean, variance = chosen(
            is_training, lambda: batch, lambda: (tf.identity(moving[0]), tf.identity(moving[1]))
        )

        def moved() -> tf.Operation:
            size = tf.size(inputs, tf.int64) // channels
            return tf.group(*_moved(moving, batch, decay, size if of_sample else None))

        update = chosen(is_training, moved, tf.no_op)
        if updates_collections is not None:
            v1.add_to_collections(updates_collections, update)
        with tf.control_dependencies([] if updates_collections is not None else [update]):
            shape = [
                channels if each == axis % inputs.shape.rank else 1
                for each in range(inputs.shape.rank)
            ]
            spread = [
                None if each is None else tf.reshape(each, shape)
                for each in (mean, variance, beta, gamma)
            ]
            outputs = tf.nn.batch_normalization(inputs, *spread, variance_epsilon=epsilon)
        outputs.set_shape(inputs.shape)
        return finished(outputs, activation_fn, outputs_collections)


def _moved(moving: Any, batch: Any, decay: float, size: Any) -> list[Any]:
    """What moves the mean and the variance."""
    mean, variance = batch
    if size is not None:  # the variance of a sample of so many
        count = tf.cast(size, variance.dtype)
        variance *= count / tf.maximum(count - 1, 1)
    return [
        v1.assign_sub(each, (each - new) * (1 - decay))
        for each, new in zip(moving, (mean, variance), strict=True)
    ]


def _refuse(**given: Any) -> None:
    for name, value in given.items():
        if value is not None and value is not False:
            raise ValueError(f"batch_norm: {name} is not supported; received {value!r}.")
