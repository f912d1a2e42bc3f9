"""Cells around a cell: one that adds its input to its output, and one on another device."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.layer import Layer
from kerasrun.bridge.v1_layers.rnn_cell.cell import RNNCell


class CellWrapper(RNNCell):
    """A cell around another, whose variables and sizes it has.

    Args:
        cell: The cell.
        **kwargs: Other arguments of every layer.

    Raises:
        TypeError: It is no cell.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        lacks = [name for name in ("state_size", "output_size") if not hasattr(cell, name)]
        if lacks or not callable(cell):
            raise TypeError(
                f"{type(self).__name__} takes an RNN cell; got {cell!r}, which has no "
                f"{' and no '.join(lacks or ['__call__'])}."
            )
        self.cell = cell

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """Returns the output and the next state; see `RNNCell`."""
        named = {} if scope is None else {"scope": scope}
        return self.around(inputs, state, lambda given, before: self.cell(given, before, **named))

    def around(self, inputs: Any, state: Any, cell: Callable[[Any, Any], Any]) -> Any:
        """Calls the cell, and does what the wrapper is for before or after."""
        raise NotImplementedError

    @property
    def wrapped_cell(self) -> Any:
        """The cell."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """That of the cell."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell."""
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """That of the cell."""
        with tf.name_scope(f"{type(self).__name__}ZeroState"):
            return self.cell.zero_state(batch_size, dtype)

    @property
    def trainable_weights(self) -> list[Any]:
        """Those of the cell."""
        return self.cell.trainable_weights if isinstance(self.cell, Layer) else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Those of the cell."""
        return self.cell.non_trainable_weights if isinstance(self.cell, Layer) else []


class ResidualWrapper(CellWrapper):
    """Adds the input to the output; see `tf.compat.v1.nn.rnn_cell.ResidualWrapper`.

    Args:
        cell: The cell.
        residual_fn: Takes input and output, and returns the new output; None for their sum.
        **kwargs: Other arguments of every layer.

    Raises:
        ValueError: The cell's output has another shape than its input.
    """

    def __init__(
        self, cell: Any, residual_fn: Callable[[Any, Any], Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn or _sum

    def around(self, inputs: Any, state: Any, cell: Callable[[Any, Any], Any]) -> Any:
        """Calls the cell and adds."""
        outputs, after = cell(inputs, state)
        return self._residual_fn(inputs, outputs), after


class DeviceWrapper(CellWrapper):
    """Runs a cell on a device; see `tf.compat.v1.nn.rnn_cell.DeviceWrapper`.

    Args:
        cell: The cell.
        device: Its name, as `tf.device` takes it.
        **kwargs: Other arguments of every layer.
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """That of the cell, on the device."""
        with v1.device(self._device):
            return super().zero_state(batch_size, dtype)

    def around(self, inputs: Any, state: Any, cell: Callable[[Any, Any], Any]) -> Any:
        """Calls the cell on the device."""
        with v1.device(self._device):
            return cell(inputs, state)


def _sum(inputs: Any, outputs: Any) -> Any:
    tf.nest.assert_same_structure(inputs, outputs)

    def added(given: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        if not given.shape.is_compatible_with(output.shape):
            raise ValueError(
                "ResidualWrapper adds a cell's input to its output, which takes one shape; got "
                f"{given.shape} and {output.shape}. Give the cell as many units as its input has, "
                "or a residual_fn."
            )
        return given + output

    return tf.nest.map_structure(added, inputs, outputs)
