"""The rows of a table whose moments are not 0: an update that decays them must go over these."""

from collections.abc import Callable, Sequence
from typing import Protocol

import tensorflow as tf

Read = Callable[[tf.Variable], tf.Tensor]


class Rows(Protocol):
    """Some rows of a table and of its optimizer's slots."""

    def decay(self, variable: tf.Variable, factor: float, added: tf.IndexedSlices) -> None:
        """Multiplies these rows of a variable, then adds slices of some, each as it comes."""

    def add(self, variable: tf.Variable, value: Callable[[Read], tf.Tensor]) -> None:
        """Adds to these rows; `value` is handed a function that reads the rows of a variable."""


class AllRows:
    """Every row there is.

    Nothing is written row by row: TensorFlow would copy the variable at each later use.
    """

    def decay(self, variable: tf.Variable, factor: float, added: tf.IndexedSlices) -> None:
        """Multiplies the whole variable, and adds."""
        scaled = variable * factor if factor != 1 else variable
        indices = tf.expand_dims(added.indices, -1)
        variable.assign(tf.tensor_scatter_nd_add(scaled, indices, added.values))

    def add(self, variable: tf.Variable, value: Callable[[Read], tf.Tensor]) -> None:
        """Adds to the whole variable."""
        variable.assign_add(value(tf.convert_to_tensor))


class SomeRows:
    """The rows of these numbers, each once."""

    def __init__(self, rows: tf.Tensor) -> None:
        self._rows = rows

    def decay(self, variable: tf.Variable, factor: float, added: tf.IndexedSlices) -> None:
        """Multiplies these rows, and adds."""
        scaled = tf.gather(variable, self._rows) * factor
        variable.scatter_update(tf.IndexedSlices(scaled, self._rows))
        variable.scatter_add(added)

    def add(self, variable: tf.Variable, value: Callable[[Read], tf.Tensor]) -> None:
        """Adds to these rows."""
        added = value(lambda one: tf.gather(one, self._rows))
        variable.scatter_add(tf.IndexedSlices(added, self._rows))


class SeenRows:
    """Which rows have been in a batch: derived from the moments, so it is in no checkpoint.

    Args:
        moments: The slots of one table, which are 0 for a row that was in no batch.
    """

    def __init__(self, moments: Sequence[tf.Variable]) -> None:
        self._moments = list(moments)
        self._seen = tf.Variable(tf.zeros([moments[0].shape[0]], tf.bool), trainable=False)
        self.find()

    def find(self) -> None:
        """Looks at the moments, which have been given other values."""
        for one in self._moments:
            found = tf.reduce_any(tf.not_equal(one, 0), axis=list(range(1, one.shape.rank)))
            self._seen.assign(self._seen | found if one is not self._moments[0] else found)

    def with_more(self, rows: tf.Tensor) -> SomeRows:
        """Those seen so far, and these, from now on."""
        self._seen.scatter_update(tf.IndexedSlices(tf.ones_like(rows, tf.bool), rows))
        return SomeRows(tf.reshape(tf.where(self._seen), [-1]))
