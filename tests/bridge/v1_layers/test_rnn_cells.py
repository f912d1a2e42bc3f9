"""Cells of TensorFlow 1: cells of one's own, their variables, and what is said of mistakes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.bridge import v1_layers as layers
from kerasrun.bridge.v1_layers import rnn_cell as cells

v1 = tf.compat.v1
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def given(*shape: int | None, dtype: Any = tf.float32) -> Any:
    return v1.placeholder(dtype, shape)


class Called(cells.RNNCell):
    """A cell that is its own call, as in programs of the first days."""

    def __init__(self, units: int) -> None:
        self.units = units

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def output_size(self) -> int:
        return self.units

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        with v1.variable_scope(scope or type(self).__name__):
            output = layers.dense(tf.concat([inputs, state], 1), self.units, name="in")
            return output, output


class Computing(cells.RNNCell):
    """A cell that gets its variables as it computes."""

    state_size = output_size = 3

    def call(self, inputs: Any, state: Any) -> Any:
        kernel = v1.get_variable("kernel", [inputs.shape[-1], 3])
        output = tf.matmul(inputs, kernel) + state
        return output, output


def test_cells_of_ones_own() -> None:
    steps = given(None, 4, 2)
    v1.nn.dynamic_rnn(cells.DropoutWrapper(Called(3), 0.5), steps, dtype=tf.float32)
    own = Computing()
    both = cells.MultiRNNCell([own, cells.GRUCell(2)])
    v1.nn.dynamic_rnn(both, steps, dtype=tf.float32, scope="two")
    names = {v.op.name for v in v1.trainable_variables()}
    assert {"rnn/Called/in/kernel", "two/multi_rnn_cell/cell_0/computing/kernel"} < names
    assert [v.op.name for v in own.trainable_variables] == [
        "two/multi_rnn_cell/cell_0/computing/kernel"
    ]
    assert len(both.trainable_weights) == 5
    assert both.weights == both.trainable_weights


def test_one_cell_twice_has_its_variables_once() -> None:
    cell = cells.GRUCell(3)
    v1.nn.dynamic_rnn(cells.MultiRNNCell([cell] * 2), given(None, 4, 3), dtype=tf.float32)
    assert len(v1.trainable_variables()) == 4


def test_states_of_zeros() -> None:
    both = cells.MultiRNNCell([cells.LSTMCell(4, num_proj=2), cells.GRUCell(3)])
    inputs = given(None, 5)
    memory, (first, second) = both.zero_state(7, tf.float32)[0], both.get_initial_state(inputs)
    assert memory.h.shape == [7, 2]
    assert isinstance(first, cells.LSTMStateTuple)
    assert (first.c.shape.as_list(), second.shape.as_list()) == ([None, 4], [None, 3])
    assert first.dtype == tf.float32
    with v1.Session() as session:
        found = session.run([first, second], {inputs: np.ones([6, 5])})
    assert (found[0].c.shape, found[1].tolist()) == ((6, 4), [[0.0] * 3] * 6)


def test_a_filter_says_which_states_are_dropped() -> None:
    def wrapped(visitor: Any) -> Any:
        cell = cells.MultiRNNCell([cells.BasicLSTMCell(50), cells.GRUCell(50)])
        wrapper = cells.DropoutWrapper(
            cell, state_keep_prob=0.5, seed=1, dropout_state_filter_visitor=visitor
        )
        state = tf.nest.map_structure(lambda size: tf.ones([4, size]), cell.state_size)
        with v1.variable_scope(None, "v"):
            return wrapper(tf.ones([4, 3]), state)[1]

    states = [
        wrapped(None),
        wrapped(lambda part: isinstance(part, tuple)),
        wrapped(lambda part: True),
        wrapped(lambda part: (False, True) if type(part) is tuple else True),
    ]
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        found = session.run(states)
    share = [[np.mean(leaf == 0) for leaf in tf.nest.flatten(state)] for state in found]
    dropped = [[bool(0.3 < each < 0.7) for each in row] for row in share]
    assert dropped == [
        [False, True, True],
        [False, False, False],
        [True, True, True],
        [False, False, True],
    ]


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: cells.LSTMCell(3)(given(2, 3), given(2, 3)),
        ValueError,
        "'lstm_cell' takes as state an LSTMStateTuple of memory and output; got",
    ),
    (
        lambda: cells.MultiRNNCell([cells.GRUCell(3)] * 2)(given(2, 3), given(2, 3)),
        ValueError,
        "takes as state a tuple of 2 states, one for each cell; got",
    ),
    (lambda: cells.MultiRNNCell([]), ValueError, "one cell or more; got an empty list"),
    (lambda: cells.MultiRNNCell(cells.GRUCell(3)), TypeError, "MultiRNNCell takes a list of cells"),  # type: ignore[arg-type]
    (
        lambda: cells.MultiRNNCell([cells.BasicLSTMCell(3)], state_is_tuple=False),
        ValueError,
        "Give the cells state_is_tuple=False, too",
    ),
    (lambda: cells.ResidualWrapper(3), TypeError, "takes an RNN cell; got 3, which has no state_s"),
    (
        lambda: v1.nn.dynamic_rnn(
            cells.ResidualWrapper(cells.GRUCell(3)), given(None, 4, 2), dtype=tf.float32
        ),
        ValueError,
        "adds a cell's input to its output, which takes one shape",
    ),
    (
        lambda: cells.GRUCell(3)(given(2, 3, 4), given(2, 3)),
        ValueError,
        r"'gru_cell' takes an input of rank 2, \[batch, depth\]; got the shape \(2, 3, 4\)",
    ),
    (
        lambda: cells.GRUCell(3)(given(2, None), given(2, 3)),
        ValueError,
        "'gru_cell' has to know the last dimension",
    ),
    (
        lambda: cells.GRUCell(3)(given(2, 3, dtype=tf.int32), given(2, 3)),
        TypeError,
        "takes floating-point numbers; got int32",
    ),
    (lambda: cells.BasicRNNCell(-1), ValueError, "takes as num_units a positive .* got -1"),
    (
        lambda: cells.DropoutWrapper(cells.GRUCell(3), 1.5),
        ValueError,
        "takes as input_keep_prob a number from 0 to 1; got 1.5",
    ),
    (
        lambda: cells.DropoutWrapper(cells.GRUCell(3), variational_recurrent=True),
        ValueError,
        "has to be given dtype",
    ),
    (
        lambda: cells.DropoutWrapper(
            cells.GRUCell(3), 0.5, variational_recurrent=True, dtype=tf.float32
        ),
        ValueError,
        "has to be given input_size",
    ),
    (
        lambda: cells.LSTMStateTuple(given(2), given(2, dtype=tf.float64)).dtype,
        TypeError,
        "of one dtype; got",
    ),
    (lambda: cells.GRUCell(3).get_initial_state(), ValueError, "takes inputs, or batch_size and"),
]


@pytest.mark.parametrize(("mistake", "kind", "message"), MISTAKES)
def test_a_mistake_is_named(
    mistake: Callable[[], Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        mistake()
