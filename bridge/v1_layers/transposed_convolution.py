"""Transposed convolutions, which enlarge an image."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.as_function import as_function
from kerasrun.bridge.v1_layers.convolution import Convolution


class _Transposed(Convolution):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = v1.zeros_initializer(),  # noqa: B008 - has no state
        kernel_regularizer: Callable[[Any], Any] | None = None,
        bias_regularizer: Callable[[Any], Any] | None = None,
        activity_regularizer: Callable[[Any], Any] | None = None,
        kernel_constraint: Callable[[Any], Any] | None = None,
        bias_constraint: Callable[[Any], Any] | None = None,
        trainable: bool = True,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *(filters, kernel_size, strides, padding, data_format, 1, activation, use_bias),
            *(kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer),
            *(activity_regularizer, kernel_constraint, bias_constraint),
            trainable=trainable,
            name=name,
            **kwargs,
        )

    def kernel_shape(self, channels: int) -> list[int]:
        return [*self.kernel_size, self.filters, channels]

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        known, now = inputs.shape.as_list(), tf.shape(inputs)
        space = range(1, self.rank + 1)
        shape = tf.stack([now[0], *(self._length(now[i], i) for i in space), self.filters])
        transpose = tf.nn.conv2d_transpose if self.rank == 2 else tf.nn.conv3d_transpose
        outputs = transpose(
            inputs,
            tf.convert_to_tensor(self.kernel),
            shape,
            [1, *self.strides, 1],
            self.padding.upper(),
        )
        lengths = [None if known[i] is None else self._length(known[i], i) for i in space]
        outputs.set_shape([known[0], *lengths, self.filters])
        return outputs

    def _length(self, length: Any, axis: int) -> Any:
        """Of the output in a dimension, from that of the input."""
        stride, size = self.strides[axis - 1], self.kernel_size[axis - 1]
        beyond = max(size - stride, 0) if self.padding == "valid" else 0
        return length * stride + beyond


class Conv2DTranspose(_Transposed):
    """Transposed convolution over height and width; see `tf.compat.v1.layers.Conv2DTranspose`.

    Takes `[batch, height, width, channels]`; the variables are `kernel`
    `[height, width, filters, channels]` and `bias` `[filters]`. The arguments are those of
    `Conv2D`, without `dilation_rate`.
    """


class Conv3DTranspose(_Transposed):
    """Transposed convolution over depth, height and width; see `Conv2DTranspose`.

    Takes `[batch, depth, height, width, channels]`; see `tf.compat.v1.layers.Conv3DTranspose`.
    """

    rank = 3


conv2d_transpose = as_function(Conv2DTranspose, "conv2d_transpose")
conv3d_transpose = as_function(Conv3DTranspose, "conv3d_transpose")
