"""Several cells as one: each takes the output of the one before."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.layer import Layer
from kerasrun.bridge.v1_layers.rnn_cell.cell import RNNCell


class MultiRNNCell(RNNCell):
    """See `tf.compat.v1.nn.rnn_cell.MultiRNNCell`.

    The variables of the cells are in `multi_rnn_cell/cell_0/…`, `multi_rnn_cell/cell_1/…`. A cell
    that is given twice has its variables once.

    Args:
        cells: From the input to the output.
        state_is_tuple: Whether the state is a tuple of the cells' states; else they stand in one
            tensor, side by side.

    Raises:
        TypeError: The cells are no list or tuple.
        ValueError: There are none; or one has a tuple for a state and `state_is_tuple` is False.
    """

    def __init__(self, cells: Sequence[Any], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not isinstance(cells, (list, tuple)):
            raise TypeError(f"MultiRNNCell takes a list of cells; got {cells!r}.")
        if not cells:
            raise ValueError("MultiRNNCell takes one cell or more; got an empty list.")
        self._cells, self._state_is_tuple = cells, state_is_tuple
        sizes = [cell.state_size for cell in cells]
        if not state_is_tuple and any(tf.nest.is_nested(size) for size in sizes):
            raise ValueError(
                "MultiRNNCell with state_is_tuple=False takes cells whose state is one tensor; got "
                f"states of {sizes}. Give the cells state_is_tuple=False, too."
            )

    @property
    def state_size(self) -> Any:
        """Sizes of the cells' states, as a tuple, or their sum."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """Size of the last cell's output."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the cells' states of zeros."""
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        with tf.name_scope(f"{type(self).__name__}ZeroState"):
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    @property
    def trainable_weights(self) -> list[Any]:
        """Those of the cells."""
        layers = [cell for cell in self._cells if isinstance(cell, Layer)]
        return (
            [each for cell in layers for each in cell.trainable_weights] if self.trainable else []
        )

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Those of the cells."""
        layers = [cell for cell in self._cells if isinstance(cell, Layer)]
        trained = [] if self.trainable else [w for cell in layers for w in cell.trainable_weights]
        return trained + [w for cell in layers for w in cell.non_trainable_weights]

    def call(self, inputs: Any, state: Any) -> Any:
        """Returns the last cell's output and all next states."""
        states, output = [], inputs
        for number, (cell, before) in enumerate(zip(self._cells, self._split(state), strict=True)):
            with v1.variable_scope(f"cell_{number}"):
                output, after = cell(output, before)
            states.append(after)
        return output, tuple(states) if self._state_is_tuple else tf.concat(states, 1)

    def _split(self, state: Any) -> Sequence[Any]:
        if not self._state_is_tuple:
            return list(tf.split(state, [cell.state_size for cell in self._cells], axis=1))
        if not isinstance(state, (tuple, list)) or len(state) != len(self._cells):
            raise ValueError(
                f"MultiRNNCell takes as state a tuple of {len(self._cells)} states, one for each "
                f"cell; got {state!r}."
            )
        return state
