"""Pooling: the largest value, or the mean, of each window."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.v1_layers.arguments import one_of, sizes
from kerasrun.bridge.v1_layers.as_function import as_function
from kerasrun.bridge.v1_layers.channels import (
    DATA_FORMATS,
    expected_shape,
    with_channels_last,
)
from kerasrun.bridge.v1_layers.input_checks import check_rank
from kerasrun.bridge.v1_layers.layer import Layer


class _Pooling(Layer):
    takes_one_tensor = True
    rank = 2
    pooling_type = "MAX"

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        kind = type(self).__name__
        self.pool_size = sizes(pool_size, self.rank, "pool_size", kind)
        self.strides = (
            self.pool_size if strides is None else sizes(strides, self.rank, "strides", kind)
        )
        self.padding = one_of(padding, ("valid", "same"), "padding", kind)
        self.data_format = one_of(data_format, DATA_FORMATS, "data_format", kind)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        check_rank(inputs, self.rank + 2, self.name, expected_shape(self.rank, self.data_format))
        return with_channels_last(self._pool, inputs, self.data_format)

    def _pool(self, inputs: tf.Tensor) -> tf.Tensor:
        pool = tf.nn.max_pool if self.pooling_type == "MAX" else tf.nn.avg_pool
        return pool(inputs, list(self.pool_size), list(self.strides), self.padding.upper())


class MaxPooling1D(_Pooling):
    """The largest value of each window of steps; see `tf.compat.v1.layers.MaxPooling1D`.

    Takes `[batch, steps, channels]`. The arguments are those of `MaxPooling2D`, with one number
    for each of size and strides.
    """

    rank = 1


class MaxPooling2D(_Pooling):
    """The largest value of each window; see `tf.compat.v1.layers.MaxPooling2D`.

    Takes `[batch, height, width, channels]`.

    Args:
        pool_size: Height and width of the window, or one number for both.
        strides: Of the window; None for its size.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        name: Of the layer.

    Raises:
        ValueError: The input has another rank, or an argument is none of what is allowed.
    """


class MaxPooling3D(_Pooling):
    """The largest value of each window; see `tf.compat.v1.layers.MaxPooling3D`.

    Takes `[batch, depth, height, width, channels]`. The arguments are those of `MaxPooling2D`.
    """

    rank = 3


class AveragePooling1D(_Pooling):
    """The mean of each window of steps; see `tf.compat.v1.layers.AveragePooling1D`.

    The arguments are those of `MaxPooling1D`.
    """

    rank = 1
    pooling_type = "AVG"


class AveragePooling2D(_Pooling):
    """The mean of each window; see `tf.compat.v1.layers.AveragePooling2D`.

    The arguments are those of `MaxPooling2D`.
    """

    pooling_type = "AVG"


class AveragePooling3D(_Pooling):
    """The mean of each window; see `tf.compat.v1.layers.AveragePooling3D`.

    The arguments are those of `MaxPooling3D`.
    """

    rank = 3
    pooling_type = "AVG"


max_pooling1d = as_function(MaxPooling1D, "max_pooling1d", has_variables=False)
max_pooling2d = as_function(MaxPooling2D, "max_pooling2d", has_variables=False)
max_pooling3d = as_function(MaxPooling3D, "max_pooling3d", has_variables=False)
average_pooling1d = as_function(AveragePooling1D, "average_pooling1d", has_variables=False)
average_pooling2d = as_function(AveragePooling2D, "average_pooling2d", has_variables=False)
average_pooling3d = as_function(AveragePooling3D, "average_pooling3d", has_variables=False)
