"""Separable convolutions: each channel by itself, then all channels of each point."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.as_function import as_function
from kerasrun.bridge.v1_layers.convolution_base import ConvolutionBase


class _Separable(ConvolutionBase):
    depthwise_kernel: Any = None
    pointwise_kernel: Any = None

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = v1.zeros_initializer(),  # noqa: B008 - has no state
        depthwise_regularizer: Callable[[Any], Any] | None = None,
        pointwise_regularizer: Callable[[Any], Any] | None = None,
        bias_regularizer: Callable[[Any], Any] | None = None,
        activity_regularizer: Callable[[Any], Any] | None = None,
        depthwise_constraint: Callable[[Any], Any] | None = None,
        pointwise_constraint: Callable[[Any], Any] | None = None,
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
        self.depth_multiplier = depth_multiplier
        self._depthwise = (depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._pointwise = (pointwise_initializer, pointwise_regularizer, pointwise_constraint)

    def make_kernels(self, channels: int) -> None:
        between = channels * self.depth_multiplier
        depthwise = [*self.kernel_size, channels, self.depth_multiplier]
        pointwise = [*([1] * self.rank), between, self.filters]
        self.depthwise_kernel = self._made("depthwise_kernel", depthwise, self._depthwise)
        self.pointwise_kernel = self._made("pointwise_kernel", pointwise, self._pointwise)

    def _made(self, name: str, shape: list[int], how: tuple[Any, Any, Any]) -> Any:
        initializer, regularizer, constraint = how
        return self.add_weight(
            name, shape, None, initializer, regularizer=regularizer, constraint=constraint
        )


class SeparableConv1D(_Separable):
    """Separable convolution over steps; see `tf.compat.v1.layers.SeparableConv1D`.

    Takes `[batch, steps, channels]`; the variables are `depthwise_kernel`
    `[size, channels, depth_multiplier]`, `pointwise_kernel`
    `[1, channels * depth_multiplier, filters]` and `bias` `[filters]`. The arguments are those of
    `SeparableConv2D`; `padding="causal"` pads before the first step only.
    """

    rank = 1
    paddings = ("valid", "same", "causal")

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolves `[batch, steps, channels]`, as an image one point high."""
        outputs = tf.nn.separable_conv2d(
            inputs[:, tf.newaxis],
            self.depthwise_kernel[tf.newaxis],
            self.pointwise_kernel[tf.newaxis],
            strides=[1, *self.strides, *self.strides, 1],
            padding=self._operation_padding,
            dilations=[1, *self.dilation_rate],
        )
        return tf.squeeze(outputs, [1])


class SeparableConv2D(_Separable):
    """Separable convolution over height and width; see `tf.compat.v1.layers.SeparableConv2D`.

    Takes `[batch, height, width, channels]`; the variables are `depthwise_kernel`
    `[height, width, channels, depth_multiplier]`, `pointwise_kernel`
    `[1, 1, channels * depth_multiplier, filters]` and `bias` `[filters]`. `depth_multiplier` is
    the number of channels between for each input channel; other arguments are those of `Conv2D`,
    with those of the kernel twice, for `depthwise_` and `pointwise_`.
    """

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolves `[batch, height, width, channels]`."""
        return tf.nn.separable_conv2d(
            inputs,
            tf.convert_to_tensor(self.depthwise_kernel),
            tf.convert_to_tensor(self.pointwise_kernel),
            strides=[1, *self.strides, 1],
            padding=self._operation_padding,
            dilations=list(self.dilation_rate),
        )


separable_conv1d = as_function(SeparableConv1D, "separable_conv1d")
separable_conv2d = as_function(SeparableConv2D, "separable_conv2d")
