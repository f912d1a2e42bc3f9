"""`tf.contrib.rnn`: the cells and loops that `tf.nn` has too, and a stack of them."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_CELLS = "kerasrun.bridge.v1_layers.rnn_cell"
_LOOPS = "tensorflow.compat.v1.nn"
_WHERE = {
    **dict.fromkeys(
        (
            "BasicLSTMCell",
            "BasicRNNCell",
            "DeviceWrapper",
            "DropoutWrapper",
            "GRUCell",
            "LSTMCell",
            "LSTMStateTuple",
            "MultiRNNCell",
            "RNNCell",
            "ResidualWrapper",
        ),
        _CELLS,
    ),
    **dict.fromkeys(
        ("static_bidirectional_rnn", "static_rnn", "static_state_saving_rnn"),
        _LOOPS,
    ),
}
__all__ = [*_WHERE, "stack_bidirectional_dynamic_rnn"]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Runs pairs of cells over sequences, each pair over what the one below it found.

    Args:
        cells_fw: The cells that read forwards, from the lowest up.
        cells_bw: As many that read backwards.
        inputs: `[batch, time, size]`.
        initial_states_fw: A state for each. None: zeros.
        initial_states_bw: Likewise.
        dtype: Of the zeros.
        sequence_length: `[batch]`, int32. None: the sequences are of full length.
        parallel_iterations: As in `tf.nn.bidirectional_dynamic_rnn`.
        time_major: Whether `inputs` and the outputs are `[time, batch, size]`.
        scope: Of the variables. None: `stack_bidirectional_rnn`.
        swap_memory: As in `tf.nn.bidirectional_dynamic_rnn`.

    Returns:
        The outputs of the highest pair, `[batch, time, both sizes]`, and for either direction the
        last states of all cells.

    Raises:
        ValueError: There are no cells, or not as many backwards as forwards.
    """
    pairs = len(cells_fw)
    if not pairs or pairs != len(cells_bw):
        raise ValueError(
            f"cells_fw and cells_bw must be as many, and one at least; received {pairs} and "
            f"{len(cells_bw)}."
        )
    firsts_fw = initial_states_fw or [None] * pairs
    firsts_bw = initial_states_bw or [None] * pairs
    lasts_fw, lasts_bw = [], []
    with v1.variable_scope(scope or "stack_bidirectional_rnn"):
        for number in range(pairs):
            with v1.variable_scope(f"cell_{number}"):
                outputs, (last_fw, last_bw) = v1.nn.bidirectional_dynamic_rnn(
                    cells_fw[number],
                    cells_bw[number],
                    inputs,
                    sequence_length,
                    firsts_fw[number],
                    firsts_bw[number],
                    dtype,
                    parallel_iterations,
                    swap_memory,
                    time_major,
                )
            inputs = v1.concat(outputs, 2)
            lasts_fw.append(last_fw)
            lasts_bw.append(last_bw)
    return inputs, tuple(lasts_fw), tuple(lasts_bw)
