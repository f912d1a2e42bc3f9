"""Cells whose state is their output: the plain one, and the gated recurrent unit."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.v1_layers.rnn_cell.cell import VariableCell


class BasicRNNCell(VariableCell):
    """`activation([inputs, state] @ kernel + bias)`; see `tf.compat.v1.nn.rnn_cell.BasicRNNCell`.

    The variables are `kernel` `[depth + num_units, num_units]` and `bias` `[num_units]`.
    """

    def make_variables(self, depth: int) -> None:
        """Makes the kernel and the bias."""
        self._kernel = self.add_weight("kernel", [depth + self._num_units, self._num_units])
        self._bias = self.bias("bias", self._num_units)

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """Returns the output, twice."""
        output = self._activation(
            tf.nn.bias_add(tf.matmul(tf.concat([inputs, state], 1), self._kernel), self._bias)
        )
        return output, output


class GRUCell(VariableCell):
    """Gated recurrent unit; see `tf.compat.v1.nn.rnn_cell.GRUCell`, https://arxiv.org/abs/1406.1078.

    The variables are `gates/kernel` `[depth + num_units, 2 * num_units]`, `gates/bias`,
    `candidate/kernel` `[depth + num_units, num_units]` and `candidate/bias`.

    Args:
        num_units: Size of the output.
        activation: A function or its name; None for tanh.
        reuse: Whether the variables are there already; None does as the scope around it.
        kernel_initializer: Of the kernels; None for that of the variable scope.
        bias_initializer: Of the biases; None for 1 of the gates and 0 of the candidate.
        name: Of the variable scope.
        dtype: Of the variables; None for that of the first input.
        **kwargs: Other arguments of every layer.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer, self._bias_initializer = kernel_initializer, bias_initializer

    def make_variables(self, depth: int) -> None:
        """Makes the kernels and biases of the gates and of the candidate."""
        rows, units = depth + self._num_units, self._num_units
        kernel, bias = self._kernel_initializer, self._bias_initializer
        self._gate_kernel = self.add_weight("gates/kernel", [rows, 2 * units], initializer=kernel)
        self._gate_bias = self.bias("gates/bias", 2 * units, 1.0, bias)
        self._candidate_kernel = self.add_weight(
            "candidate/kernel", [rows, units], initializer=kernel
        )
        self._candidate_bias = self.bias("candidate/bias", units, 0.0, bias)

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """Returns the output, twice."""
        gates = tf.matmul(tf.concat([inputs, state], 1), self._gate_kernel)
        gates = tf.sigmoid(tf.nn.bias_add(gates, self._gate_bias))
        reset, update = tf.split(gates, 2, axis=1)
        candidate = tf.matmul(tf.concat([inputs, reset * state], 1), self._candidate_kernel)
        candidate = self._activation(tf.nn.bias_add(candidate, self._candidate_bias))
        output = update * state + (1 - update) * candidate
        return output, output
