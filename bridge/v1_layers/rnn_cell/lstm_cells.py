"""Long short-term memory: the basic cell, and the one with peepholes and projection."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.rnn_cell.cell import LSTMStateTuple, VariableCell


class LSTMCell(VariableCell):
    """See `tf.compat.v1.nn.rnn_cell.LSTMCell`; https://research.google.com/pubs/archive/43905.pdf.

    The variables are `kernel` `[depth + output size, 4 * num_units]`, of the input gate, the
    candidate, the forget gate and the output gate, and `bias`; with peepholes `w_f_diag`,
    `w_i_diag` and `w_o_diag`; with a projection `projection/kernel` `[num_units, num_proj]`.

    Args:
        num_units: Size of the memory.
        use_peepholes: Whether the gates see the memory.
        cell_clip: The memory is clipped to `[-cell_clip, cell_clip]`.
        initializer: Of the kernels and the peepholes; None for that of the variable scope.
        num_proj: Size of the output; None for that of the memory.
        proj_clip: The projected output is clipped to `[-proj_clip, proj_clip]`.
        num_unit_shards: Number of variables that the kernel is split into.
        num_proj_shards: Number of variables that the projection is split into.
        forget_bias: Added to the forget gate's bias.
        state_is_tuple: Whether the state is an `LSTMStateTuple`; else memory and output stand in
            one tensor, side by side.
        activation: A function or its name; None for tanh.
        reuse: Whether the variables are there already; None does as the scope around it.
        name: Of the variable scope.
        dtype: Of the variables; None for that of the first input.
        **kwargs: Other arguments of every layer.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._use_peepholes, self._initializer = use_peepholes, initializer
        self._cell_clip, self._proj_clip = cell_clip, proj_clip
        self._num_proj = num_proj or None
        self._shards = (num_unit_shards, num_proj_shards)
        self._forget_bias, self._state_is_tuple = forget_bias, state_is_tuple

    @property
    def output_size(self) -> Any:
        """Size of the output."""
        return self._num_proj or self._num_units

    @property
    def state_size(self) -> Any:
        """Sizes of memory and output, as an `LSTMStateTuple`, or their sum."""
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    def make_variables(self, depth: int) -> None:
        """Makes the kernel and the bias, peepholes and projection."""
        units, rows = self._num_units, depth + self.output_size
        self._kernel = self._weight("kernel", [rows, 4 * units], self._shards[0])
        self._bias = self.bias("bias", 4 * units)
        if self._use_peepholes:
            names = ("w_f_diag", "w_i_diag", "w_o_diag")
            self._peepholes = [self._weight(name, [units]) for name in names]
        if self._num_proj is not None:
            shape = [units, self._num_proj]
            self._projection = self._weight("projection/kernel", shape, self._shards[1])

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """Returns the output and the next state."""
        memory, output = self._parts(state)
        gates = tf.matmul(tf.concat([inputs, output], 1), self._kernel)
        i, j, f, o = tf.split(tf.nn.bias_add(gates, self._bias), 4, axis=1)
        f += tf.cast(self._forget_bias, f.dtype)
        if self._use_peepholes:
            f += self._peepholes[0] * memory
            i += self._peepholes[1] * memory
        memory = tf.sigmoid(f) * memory + tf.sigmoid(i) * self._activation(j)
        memory = _clipped(memory, self._cell_clip)
        if self._use_peepholes:
            o += self._peepholes[2] * memory
        output = tf.sigmoid(o) * self._activation(memory)
        if self._num_proj is not None:
            output = _clipped(tf.matmul(output, self._projection), self._proj_clip)
        together = LSTMStateTuple(memory, output)
        return output, together if self._state_is_tuple else tf.concat(together, 1)

    def _parts(self, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        if not self._state_is_tuple:
            return tuple(tf.split(state, [self._num_units, self.output_size], axis=1))
        if not isinstance(state, (tuple, list)) or len(state) != 2:
            raise ValueError(
                f"The cell {self.name!r} takes as state an LSTMStateTuple of memory and output; "
                f"got {state!r}."
            )
        return state[0], state[1]

    def _weight(self, name: str, shape: list[int], shards: int | None = None) -> Any:
        partitioner = v1.fixed_size_partitioner(shards) if shards else None
        return self.add_weight(name, shape, initializer=self._initializer, partitioner=partitioner)


class BasicLSTMCell(LSTMCell):
    """The LSTM without additions; see `tf.compat.v1.nn.rnn_cell.BasicLSTMCell`.

    Args:
        num_units: Size of the memory and of the output.
        forget_bias: Added to the forget gate's bias.
        state_is_tuple: Whether the state is an `LSTMStateTuple`; else memory and output stand in
            one tensor, side by side.
        activation: A function or its name; None for tanh.
        reuse: Whether the variables are there already; None does as the scope around it.
        name: Of the variable scope.
        dtype: Of the variables; None for that of the first input.
        **kwargs: Other arguments of every layer.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation,
            reuse=reuse,
            name=name,
            dtype=dtype,
            **kwargs,
        )


def _clipped(values: tf.Tensor, limit: float | None) -> tf.Tensor:
    return values if limit is None else tf.clip_by_value(values, -limit, limit)
