"""Where the channels stand in an image: they are last while a layer computes.

The CPU has few operations for channels that stand first, so these are moved, and moved back.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

DATA_FORMATS = ("channels_last", "channels_first")


def channels_last(inputs: tf.Tensor) -> tf.Tensor:
    """`[batch, channels, ...]` -> `[batch, ..., channels]`."""
    return tf.transpose(inputs, [0, *range(2, inputs.shape.rank), 1])


def channels_first(inputs: tf.Tensor) -> tf.Tensor:
    """`[batch, ..., channels]` -> `[batch, channels, ...]`."""
    rank = inputs.shape.rank
    return tf.transpose(inputs, [0, rank - 1, *range(1, rank - 1)])


def with_channels_last(
    compute: Callable[[tf.Tensor], Any], inputs: tf.Tensor, data_format: str
) -> Any:
    """Returns what `compute` returns, which takes and returns channels last."""
    if data_format == "channels_last":
        return compute(inputs)
    return channels_first(compute(channels_last(inputs)))


def expected_shape(rank: int, data_format: str) -> str:
    """How the shape of an input with so many dimensions in space is written."""
    space = ", ".join(("depth", "height", "width")[3 - rank :]) if rank > 1 else "steps"
    if data_format == "channels_last":
        return f"[batch, {space}, channels]"
    return f"[batch, channels, {space}]"
