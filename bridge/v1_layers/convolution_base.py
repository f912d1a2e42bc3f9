"""What all convolutions have in common: their arguments, checks, bias and activation."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.v1_layers.arguments import activation_of, count, one_of, sizes
from kerasrun.bridge.v1_layers.channels import (
    DATA_FORMATS,
    expected_shape,
    with_channels_last,
)
from kerasrun.bridge.v1_layers.input_checks import check_floating, check_rank, known_dimension
from kerasrun.bridge.v1_layers.layer import Layer


class ConvolutionBase(Layer):
    """A convolution without its kernels: a subclass makes them and computes `convolve`.

    Args:
        filters: Number of output channels.
        kernel_size: Of the window, one number for all dimensions in space, or one for each.
        strides: Of the window.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: Steps between the window's points.
        activation: A function or its name; None for none.
        use_bias: Whether there is a bias.
        bias: Its initializer, regularizer and constraint.
        **layer: Arguments of every `Layer`.

    Raises:
        ValueError: An argument is none of what is allowed.
    """

    takes_one_tensor = True
    rank = 2
    paddings: tuple[str, ...] = ("valid", "same")
    bias: Any = None

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias: tuple[Any, Any, Any],
        **layer: Any,
    ) -> None:
        super().__init__(**layer)
        kind = type(self).__name__
        self.filters, self.use_bias = count(filters, "filters", kind), use_bias
        self.kernel_size = sizes(kernel_size, self.rank, "kernel_size", kind)
        self.strides = sizes(strides, self.rank, "strides", kind)
        self.dilation_rate = sizes(dilation_rate, self.rank, "dilation_rate", kind)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{kind} takes strides or a dilation_rate above 1, not both; got "
                f"strides={strides!r}, dilation_rate={dilation_rate!r}."
            )
        self.padding = one_of(padding, self.paddings, "padding", kind)
        self.data_format = one_of(data_format, DATA_FORMATS, "data_format", kind)
        self.activation = activation_of(activation)
        self.bias_initializer, self.bias_regularizer, self.bias_constraint = bias

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes the kernels and the bias."""
        check_floating(self.dtype, self.name)
        axis = -1 if self.data_format == "channels_last" else 1
        if input_shape.rank == self.rank + 2:  # `call` tells of another
            self.make_kernels(known_dimension(input_shape, axis, self.name))
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.filters],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def make_kernels(self, channels: int) -> None:
        """Makes the kernels for so many input channels."""
        raise NotImplementedError

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolves an input whose channels are last."""
        raise NotImplementedError

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the convolution, with bias and activation."""
        check_rank(inputs, self.rank + 2, self.name, expected_shape(self.rank, self.data_format))
        outputs = with_channels_last(self._with_bias, inputs, self.data_format)
        return outputs if self.activation is None else self.activation(outputs)

    def _with_bias(self, inputs: tf.Tensor) -> tf.Tensor:
        outputs = self.convolve(self._padded(inputs))
        return tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs

    def _padded(self, inputs: tf.Tensor) -> tf.Tensor:
        """With zeros before the first step, where no output may see what comes after it."""
        if self.padding != "causal":
            return inputs
        before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
        return tf.pad(inputs, [[0, 0], [before, 0], [0, 0]])

    @property
    def _operation_padding(self) -> str:
        return "VALID" if self.padding == "causal" else self.padding.upper()
