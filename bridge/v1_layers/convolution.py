"""Convolutions in one, two and three dimensions."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.as_function import as_function
from kerasrun.bridge.v1_layers.convolution_base import ConvolutionBase


class Convolution(ConvolutionBase):
    """A convolution with one kernel, in `rank` dimensions; the arguments are those of `Conv2D`."""

    kernel: Any = None

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
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
            *(filters, kernel_size, strides, padding, data_format, dilation_rate),
            *(activation, use_bias, (bias_initializer, bias_regularizer, bias_constraint)),
            activity_regularizer=activity_regularizer,
            trainable=trainable,
            name=name,
            **kwargs,
        )
        self.kernel_initializer = kernel_initializer
        self.kernel_regularizer = kernel_regularizer
        self.kernel_constraint = kernel_constraint

    def make_kernels(self, channels: int) -> None:
        """Makes the kernel."""
        self.kernel = self.add_weight(
            "kernel",
            self.kernel_shape(channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )

    def kernel_shape(self, channels: int) -> list[int]:
        """Of the kernel, for so many input channels."""
        return [*self.kernel_size, channels, self.filters]

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolves an input whose channels are last."""
        return tf.nn.convolution(
            inputs,
            tf.convert_to_tensor(self.kernel),
            strides=list(self.strides),
            padding=self._operation_padding,
            dilations=list(self.dilation_rate),
        )


class Conv1D(Convolution):
    """Convolution over steps; see `tf.compat.v1.layers.Conv1D`.

    Takes `[batch, steps, channels]`; the variables are `kernel` `[size, channels, filters]` and
    `bias` `[filters]`. The arguments are those of `Conv2D`, with one number for each of size,
    strides and dilation; `padding="causal"` pads before the first step only.
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2D(Convolution):
    """Convolution over height and width; see `tf.compat.v1.layers.Conv2D`.

    Takes `[batch, height, width, channels]`; the variables are `kernel`
    `[height, width, channels, filters]` and `bias` `[filters]`.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the window, or one number for both.
        strides: Of the window.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: Steps between the window's points.
        activation: A function or its name; None for none.
        use_bias: Whether there is a bias.
        kernel_initializer: Of the kernel; None for that of the variable scope.
        bias_initializer: Of the bias.
        kernel_regularizer: Takes the kernel and returns a loss.
        bias_regularizer: Takes the bias and returns a loss.
        activity_regularizer: Takes the output and returns a loss.
        kernel_constraint: Takes the updated kernel and returns the one to keep.
        bias_constraint: The same of the bias.
        trainable: Whether optimizers find the variables.
        name: Of the variable scope.
        **kwargs: `dtype`.

    Raises:
        ValueError: The input has another rank, or its number of channels is not known; or an
            argument is none of what is allowed.
    """


class Conv3D(Convolution):
    """Convolution over depth, height and width; see `tf.compat.v1.layers.Conv3D`.

    Takes `[batch, depth, height, width, channels]`. The arguments are those of `Conv2D`.
    """

    rank = 3


conv1d = as_function(Conv1D, "conv1d")
conv2d = as_function(Conv2D, "conv2d")
conv3d = as_function(Conv3D, "conv3d")
