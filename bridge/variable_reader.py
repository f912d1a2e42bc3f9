"""Many variables read in one call: one by one each costs as much as a training step may last."""

from collections.abc import Collection, Mapping
from typing import Any

import tensorflow as tf

from kerasrun.bridge.nan import holds_nan


class VariableReader:
    """Reads variables, and tells which of some hold a NaN.

    The function is made anew when there are other variables than before.
    """

    def __init__(self) -> None:
        self._variables: list[tf.Variable] = []
        self._watched: list[str] = []
        self._places: list[int] = []
        self._read: Any = None

    def __call__(
        self, variables: Mapping[str, tf.Variable], watched: Collection[str]
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
        watched = [name for name in names if name in watched]
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
        nans = [holds_nan(values[place]) for place in self._places]
        return values, tf.stack(nans) if nans else tf.zeros([0], tf.bool)
