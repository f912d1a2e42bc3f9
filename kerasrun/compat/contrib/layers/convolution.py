"""The convolution of images."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope
from kerasrun.compat.contrib.layers.initializers import xavier_initializer
from kerasrun.compat.contrib.layers.variables import (
    channel_axis,
    finished,
    known_dimension,
    layer_variable,
    normalized_or_biased,
)

_ZEROS = v1.zeros_initializer()
_XAVIER = xavier_initializer()


@add_arg_scope
def conv2d(
    inputs: Any,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: int | Sequence[int] = 1,
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
    """A convolution of images; its variables are `weights` and `biases`.

    Args:
        inputs: `[batch, height, width, channels]`, or as `data_format` says.
        num_outputs: How many filters.
        kernel_size: Their height and width; one number for both.
        stride: How far apart they are applied; likewise.
        padding: `SAME` or `VALID`.
        data_format: `NHWC` (None too), or `NCHW`: `[batch, channels, height, width]`.
        rate: How far apart the points of a filter are; where it is not 1, `stride` must be.
        activation_fn: As in `fully_connected`; the arguments after it too.
        normalizer_fn: Likewise.
        normalizer_params: Likewise.
        weights_initializer: Likewise; of `[height, width, channels, num_outputs]`.
        weights_regularizer: Likewise.
        biases_initializer: Likewise.
        biases_regularizer: Likewise.
        reuse: Likewise.
        variables_collections: Likewise.
        outputs_collections: Likewise.
        trainable: Likewise.
        scope: Likewise. None: `Conv`, or a free name like it.

    Raises:
        ValueError: The inputs have not four axes, or as many channels as nobody knows.
    """
    with v1.variable_scope(scope, "Conv", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        channels = known_dimension(inputs, channel_axis(inputs, data_format, "conv2d"), "conv2d")
        common = {"like": inputs, "collections": variables_collections, "trainable": trainable}
        weights = layer_variable(
            "weights",
            [*_both(kernel_size), channels, num_outputs],
            initializer=weights_initializer,
            regularizer=weights_regularizer,
            **common,
        )
        outputs = tf.nn.convolution(
            inputs, weights, _both(stride), padding.upper(), data_format, _both(rate)
        )
        biases = {
            "shape": [num_outputs],
            "initializer": biases_initializer,
            "regularizer": biases_regularizer,
            **common,
        }
        outputs = normalized_or_biased(
            outputs, normalizer_fn, normalizer_params, biases, data_format
        )
        return finished(outputs, activation_fn, outputs_collections)


convolution2d = conv2d


def _both(size: int | Sequence[int]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)
