"""The base of the cells, what their state is, and its zeros."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.arguments import activation_of, count
from kerasrun.bridge.v1_layers.input_checks import check_floating, check_rank, known_dimension
from kerasrun.bridge.v1_layers.layer import Layer


class LSTMStateTuple(NamedTuple):
    """The state of an LSTM; see `tf.compat.v1.nn.rnn_cell.LSTMStateTuple`.

    Attributes:
        c: Its memory.
        h: Its output.
    """

    c: Any
    h: Any

    @property
    def dtype(self) -> Any:
        """Of both.

        Raises:
            TypeError: They are of two.
        """
        if self.c.dtype != self.h.dtype:
            raise TypeError(
                f"The state of an LSTM is of one dtype; got {self.c.dtype} and {self.h.dtype}."
            )
        return self.c.dtype


class RNNCell(Layer):
    """One step of a recurrent network; see `tf.compat.v1.nn.rnn_cell.RNNCell`.

    A subclass gives `state_size`, `output_size` and `call(inputs, state)`, which returns the
    output and the next state. `tf.compat.v1.nn.dynamic_rnn` and its like run it over a sequence.

    Args:
        trainable: Whether optimizers find the variables.
        name: Of the variable scope.
        dtype: Of the variables; None for that of the first input.
        **kwargs: Other arguments of every layer.
    """

    def __init__(
        self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable, name, dtype, **kwargs)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """Returns the output and the next state.

        Args:
            inputs: `[batch, depth]`.
            state: Of the shapes of `state_size`, each after the batch.
            scope: Of the variables.
        """
        with self._holding(scope) as opened:
            if opened is None:
                return super().__call__(inputs, state)
            return super().__call__(inputs, state, scope=opened)

    @property
    def state_size(self) -> Any:
        """Size of the state: a number, a `tf.TensorShape`, or a tuple of such."""
        raise NotImplementedError(f"{type(self).__name__} has to tell its state_size.")

    @property
    def output_size(self) -> Any:
        """Size of the output: a number or a `tf.TensorShape`."""
        raise NotImplementedError(f"{type(self).__name__} has to tell its output_size.")

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns a state of zeros.

        Args:
            batch_size: A number or a scalar tensor.
            dtype: Of the zeros.
        """
        with tf.name_scope(f"{type(self).__name__}ZeroState"):
            return tf.nest.map_structure(
                lambda size: _zeros(batch_size, size, dtype), self.state_size
            )

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """Returns a state of zeros, for the batch size and dtype of the inputs or those given.

        Raises:
            ValueError: They are not known.
        """
        if inputs is not None:
            inputs = tf.convert_to_tensor(inputs)
            batch_size = inputs.shape[0] or tf.shape(inputs)[0]
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "get_initial_state takes inputs, or batch_size and dtype; got "
                f"batch_size={batch_size}, dtype={dtype}."
            )
        return self.zero_state(batch_size, dtype)

    @contextmanager
    def _holding(self, scope: Any) -> Iterator[Any]:
        """Within it the cell holds each variable that its `call` gets."""
        around = v1.get_variable_scope() if scope is None else scope
        with v1.variable_scope(
            around, custom_getter=self._got, auxiliary_name_scope=scope is not None
        ) as opened:
            yield None if scope is None else opened

    def _got(self, getter: Any, *arguments: Any, **named: Any) -> Any:
        variable = getter(*arguments, **named)
        for part in getattr(variable, "_variable_list", [variable]):
            self._hold(part, getattr(part, "trainable", False))
        return variable


class VariableCell(RNNCell):
    """A cell that makes its variables in `build`, in a scope of its own.

    Args:
        num_units: Size of the output.
        activation: A function or its name; None for tanh.
        reuse: Whether the variables are there already; None does as the scope around it.
        name: Of the variable scope.
        dtype: Of the variables; None for that of the first input.
        **kwargs: Other arguments of every layer.

    Raises:
        ValueError: `num_units` is not positive; the input has another rank than 2, or its last
            dimension is not known.
        TypeError: The input is not of floating-point numbers.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, _reuse=reuse, **kwargs)
        self._num_units = count(num_units, "num_units", type(self).__name__)
        self._activation = activation_of(activation, tf.tanh)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """Returns the output and the next state; see `RNNCell`."""
        return Layer.__call__(self, inputs, state, scope=scope)

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes the variables."""
        check_floating(self.dtype, self.name)
        if input_shape.rank == 2:  # `call` tells of another
            self.make_variables(known_dimension(input_shape, -1, self.name))

    def make_variables(self, depth: int) -> None:
        """Makes the variables for an input `[batch, depth]`."""
        raise NotImplementedError

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """Returns the output and the next state."""
        raise NotImplementedError

    def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """Returns the output and the next state."""
        check_rank(inputs, 2, self.name, "[batch, depth]")
        return self.step(inputs, state)

    @property
    def state_size(self) -> Any:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> Any:
        """Size of the output."""
        return self._num_units

    def bias(self, name: str, size: int, value: float = 0.0, initializer: Any = None) -> Any:
        """Makes a bias that begins with this value, or with those of an initializer."""
        given = v1.constant_initializer(value) if initializer is None else initializer
        return self.add_weight(name, [size], initializer=given)


def _zeros(batch_size: Any, size: Any, dtype: Any) -> tf.Tensor:
    sizes = tf.TensorShape(size).as_list() if not isinstance(size, int) else [size]
    zeros = tf.zeros(tf.stack([batch_size, *sizes]), dtype)
    zeros.set_shape([tf.get_static_value(batch_size), *sizes])
    return zeros
