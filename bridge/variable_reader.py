"""Many variables read in one call: one by one each costs as much as a training step may last."""

from collections.abc import Collection, Mapping
from typing import Any

import tensorflow as tf


class VariableReader:
    """Reads variables, and tells which of some hold a NaN.

    The function is made anew when there are other variables than before.
    """

    def __init__(self) -> None:
        self._variables: list[tf.Variable] = []
        self._watched: list[str] = []
        self._read: Any = None

    def __call__(
        self, variables: Mapping[str, tf.Variable], watched: Collection[str] = ()
    ) -> tuple[dict[str, tf.Tensor], list[str]]:
        """Reads them all.

        Args:
            variables: By name.
            watched: Names of those in which a NaN matters.

        Returns:
            The values by name, which no later step can change: a variable that is still read is
            copied when it is written. And the names of those watched that hold a NaN.
        """
        found = list(variables.values())
        names = list(variables)
        watched = [name for name in names if name in watched and _may_be_nan(variables[name])]
        same = len(found) == len(self._variables) and all(
            one is other for one, other in zip(found, self._variables, strict=True)
        )
        if not same or watched != self._watched:
            self._variables, self._watched = found, watched
            self._places = [names.index(name) for name in watched]
            self._read = tf.function(self._traced, autograph=False).get_concrete_function()
        values, nans = self._read()
        bad = [name for name, is_nan in zip(watched, nans.numpy(), strict=True) if is_nan]
        return dict(zip(names, values, strict=True)), bad

    def _traced(self) -> tuple[list[tf.Tensor], tf.Tensor]:
        values = [variable.read_value() for variable in self._variables]
        nans = [_holds_nan(values[place]) for place in self._places]
        return values, tf.stack(nans) if nans else tf.zeros([0], tf.bool)


def _may_be_nan(variable: tf.Variable) -> bool:
    return bool(tf.as_dtype(variable.dtype).is_floating)


def _holds_nan(value: tf.Tensor) -> tf.Tensor:
    if value.dtype in (tf.float32, tf.float64):
        # One pass over the memory; a sum that is NaN for infinite weights is no false alarm.
        return tf.math.is_nan(tf.reduce_sum(value))
    return tf.reduce_any(tf.math.is_nan(value))
