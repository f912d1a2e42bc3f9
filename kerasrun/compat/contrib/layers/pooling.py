"""Pooling of images."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope
from kerasrun.compat.contrib.layers.variables import channel_axis, finished


@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> tf.Tensor:
    """The greatest value of each window.

    Args:
        inputs: `[batch, height, width, channels]`, or as `data_format` says.
        kernel_size: Height and width of the window; one number for both.
        stride: How far apart the windows are; likewise.
        padding: `SAME` or `VALID`.
        data_format: `NHWC` or `NCHW`.
        outputs_collections: Where the outputs are noted.
        scope: Of the operations.

    Raises:
        ValueError: The inputs have not four axes.
    """
    with v1.name_scope(scope, "MaxPool2D", [inputs]):
        return _pooled(
            tf.nn.max_pool2d, inputs, kernel_size, stride, padding, data_format, outputs_collections
        )


@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> tf.Tensor:
    """The mean of each window; arguments as in `max_pool2d`."""
    with v1.name_scope(scope, "AvgPool2D", [inputs]):
        return _pooled(
            tf.nn.avg_pool2d, inputs, kernel_size, stride, padding, data_format, outputs_collections
        )


def _pooled(
    pool: Any, inputs: Any, size: Any, stride: Any, padding: str, data_format: str, collections: Any
) -> tf.Tensor:
    inputs = tf.convert_to_tensor(inputs)
    channel_axis(inputs, data_format, pool.__name__)
    return finished(
        pool(inputs, size, stride, padding.upper(), data_format), collections=collections
    )
