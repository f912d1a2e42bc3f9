"""The fully connected layer."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.arguments import activation_of, count
from kerasrun.bridge.v1_layers.as_function import as_function
from kerasrun.bridge.v1_layers.input_checks import check_floating, known_dimension
from kerasrun.bridge.v1_layers.layer import Layer


class Dense(Layer):
    """`activation(inputs @ kernel + bias)`; see `tf.compat.v1.layers.Dense`.

    Takes `[..., depth]` and returns `[..., units]`. The variables are `kernel` `[depth, units]`
    and `bias` `[units]`.

    Args:
        units: Size of the output's last dimension.
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
        ValueError: The last dimension of the input is not known, or it has none.
        TypeError: The input is not of floating-point numbers.
    """

    takes_one_tensor = True
    kernel: Any = None
    bias: Any = None

    def __init__(
        self,
        units: int,
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
        super().__init__(trainable, name, activity_regularizer=activity_regularizer, **kwargs)
        self.units, self.use_bias = count(units, "units", "Dense"), use_bias
        self.activation = activation_of(activation)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes the kernel and the bias."""
        check_floating(self.dtype, self.name)
        if input_shape.rank in (0, 1):
            raise ValueError(
                f"The layer {self.name!r} takes an input of rank 2 or more, [batch, ..., depth]; "
                f"got the shape {input_shape}."
            )
        depth = known_dimension(input_shape, -1, self.name)
        self.kernel = self.add_weight(
            "kernel",
            [depth, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns `[..., units]`."""
        inputs = tf.cast(inputs, self.dtype)
        if inputs.shape.rank == 2:
            outputs = tf.matmul(inputs, self.kernel)
        else:
            outputs = tf.tensordot(inputs, self.kernel, [[inputs.shape.rank - 1], [0]])
            outputs.set_shape(inputs.shape[:-1].concatenate([self.units]))
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


dense = as_function(Dense, "dense")
