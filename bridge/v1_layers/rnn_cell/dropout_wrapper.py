"""Dropout at the input, the state and the output of a cell."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import tensorflow as tf

from kerasrun.bridge.v1_layers.rnn_cell.cell import LSTMStateTuple
from kerasrun.bridge.v1_layers.rnn_cell.wrappers import CellWrapper


class DropoutWrapper(CellWrapper):
    """See `tf.compat.v1.nn.rnn_cell.DropoutWrapper`.

    Args:
        cell: The cell.
        input_keep_prob: Share of the input's values that is kept; a number or a scalar tensor.
        output_keep_prob: The same of the output.
        state_keep_prob: The same of the next state; the output is not dropped for it.
        variational_recurrent: Whether each step drops the same values
            (https://arxiv.org/abs/1512.05287); else each draws anew.
        input_size: Of the input, without the batch; needed for a variational one that is dropped.
        dtype: Of the values; needed for variational ones.
        seed: Of the random numbers, with that of the graph.
        dropout_state_filter_visitor: Takes a part of the state and returns whether it is dropped,
            or that of each of its parts; without it all is, but the memory of an LSTM.
        **kwargs: Other arguments of every layer.

    Raises:
        ValueError: A share is not from 0 to 1; or `dtype` or `input_size` is missing.
        TypeError: It is no cell, or `dropout_state_filter_visitor` cannot be called.
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        visitor = dropout_state_filter_visitor
        if visitor is not None and not callable(visitor):
            raise TypeError(f"dropout_state_filter_visitor is a function; got {visitor!r}.")
        self._filter = visitor or _all_but_memory
        self._seed = seed
        self._keep = {
            "input": _share(input_keep_prob, "input_keep_prob"),
            "state": _share(state_keep_prob, "state_keep_prob"),
            "output": _share(output_keep_prob, "output_keep_prob"),
        }
        self._noise: dict[str, Any] = {}
        if variational_recurrent:
            self._draw(input_size, dtype)

    def around(self, inputs: Any, state: Any, cell: Callable[[Any, Any], Any]) -> Any:
        """Calls the cell, with dropout before and after."""
        output, after = cell(self._dropped("input", inputs, _all), state)
        after = self._dropped("state", after, self._filter)
        return self._dropped("output", output, _all), after

    def _draw(self, input_size: Any, dtype: Any) -> None:
        """Draws what is dropped at every step."""
        if dtype is None:
            raise ValueError(
                "DropoutWrapper with variational_recurrent=True has to be given dtype."
            )
        sizes = {"state": self.cell.state_size, "output": self.cell.output_size}
        if self._drops("input"):
            if input_size is None:
                raise ValueError(
                    "DropoutWrapper with variational_recurrent=True and an input_keep_prob below 1 "
                    "has to be given input_size."
                )
            sizes["input"] = input_size
        for place, size in sizes.items():
            numbers = count()
            self._noise[place] = tf.nest.map_structure(
                lambda one, at=place, each=numbers: tf.random.uniform(
                    [1, *tf.TensorShape(one).as_list()],
                    dtype=dtype,
                    seed=self._seed_of(at, next(each)),
                ),
                size,
            )

    def _drops(self, place: str) -> bool:
        keep = self._keep[place]
        return not isinstance(keep, float) or keep < 1

    def _dropped(self, place: str, values: Any, visitor: Callable[[Any], Any]) -> Any:
        if not self._drops(place):
            return values
        noise = self._noise.get(place)
        return self._visit(place, values, noise, visitor(values), visitor, count())

    def _visit(
        self,
        place: str,
        value: Any,
        noise: Any,
        answer: Any,
        visitor: Callable[[Any], Any],
        numbers: Iterator[int],
    ) -> Any:
        """Drops of a part what the visitor's answer says: False, True, or one for each part."""
        if not tf.nest.is_nested(value) or answer is False:
            number = next(numbers)
            return value if answer is False else self._drop(place, number, value, noise)
        parts = list(value)
        noises = [None] * len(parts) if noise is None else list(noise)
        answers = [True] * len(parts) if isinstance(answer, bool) else list(answer)
        found = [
            self._visit(place, part, own, said and visitor(part), visitor, numbers)
            for part, own, said in zip(parts, noises, answers, strict=True)
        ]
        return type(value)(*found) if hasattr(value, "_fields") else type(value)(found)

    def _drop(self, place: str, number: int, value: tf.Tensor, noise: Any) -> tf.Tensor:
        keep = self._keep[place]
        if noise is None:
            return tf.nn.dropout(value, 1.0 - keep, seed=self._seed_of(place, number))
        keep = tf.cast(keep, value.dtype)
        dropped = tf.divide(value, keep) * tf.floor(keep + noise)
        dropped.set_shape(value.shape)
        return dropped

    def _seed_of(self, place: str, number: int) -> int | None:
        """Another for each tensor, and those of `tf.nn.rnn_cell`, so that a run can be repeated."""
        if self._seed is None:
            return None
        digest = hashlib.md5(f"{self._seed}{place}_{number}".encode(), usedforsecurity=False)
        return int(digest.hexdigest()[:8], 16) & 0x7FFFFFFF


def _share(given: Any, argument: str) -> Any:
    value = tf.get_static_value(tf.convert_to_tensor(given)) if tf.is_tensor(given) else given
    if value is None:
        return tf.convert_to_tensor(given)
    if not 0 <= value <= 1:
        raise ValueError(f"DropoutWrapper takes as {argument} a number from 0 to 1; got {given!r}.")
    return float(value)


def _all(value: Any) -> bool:
    return True


def _all_but_memory(value: Any) -> Any:
    if isinstance(value, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(value, tf.TensorArray)
