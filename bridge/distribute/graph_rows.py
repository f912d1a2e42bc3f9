"""A process's rows of a batch, in the graph of a `model_fn`."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.graph_collectives import GraphCollectives
from kerasrun.bridge.distribute.rows import Rows, rows_in, shared_rows, sliced
from kerasrun.bridge.input_pipeline import Example


class GraphRows:
    """The rows, and how values of them are put together with the others'.

    Args:
        features: Of the batch that is fed: that of all processes, or of this one, if `own_data`.
        labels: Likewise.
        collectives: Adds up over the processes.
        rank: This process's number.
        count: How many there are.
        own_data: Whether each process reads data of its own.

    Attributes:
        features: Of this process's rows. One row, whatever it is, where it has none.
        labels: Likewise.
        rows: Which they are.
    """

    def __init__(
        self,
        features: Any,
        labels: Any,
        collectives: GraphCollectives,
        rank: int,
        count: int,
        *,
        own_data: bool,
    ) -> None:
        self._collectives = collectives
        batch = Example(features, labels)
        total = rows_in(batch)
        if own_data:
            counts = tf.cast(collectives.told_by_all(total[tf.newaxis])[:, 0], tf.int32)
            zero = tf.constant(0)
            self.rows = Rows(zero, total, tf.reduce_sum(counts), tf.reduce_sum(counts[:rank]))
        else:
            self.rows = shared_rows(total, rank, count)
            batch = _with_known_rows(sliced(batch, self.rows, total), batch, rank, count)
        self.features, self.labels = batch.features, batch.labels

    def mean(self, values: list[Any]) -> list[Any]:
        """Sums over the processes, each counting as much as it has rows."""
        return self._collectives.sum([self.kept(one, weighted=True) for one in values])

    def total(self, value: tf.Tensor) -> tf.Tensor:
        """The sum of a scalar over the processes that have rows."""
        (found,) = self._collectives.sum([self.kept(value, weighted=False)])
        return tf.stop_gradient(found)

    def kept(self, value: Any, *, weighted: bool) -> Any:
        """What this process adds to a sum: times its share if `weighted`; nothing without rows."""
        if isinstance(value, tf.IndexedSlices):
            kept = self.kept(value.values, weighted=weighted)
            return tf.IndexedSlices(kept, value.indices, value.dense_shape)
        scaled = value * tf.cast(self.rows.share, value.dtype) if weighted else value
        return tf.where(self.rows.exist, scaled, tf.zeros_like(scaled))


def _with_known_rows(batch: Example, whole: Example, rank: int, count: int) -> Example:
    """Where it is known how many rows a batch has, a `model_fn` may ask how many it is given."""

    def known(own: Any, every: Any) -> Any:
        if not isinstance(own, tf.Tensor) or own.shape.rank in (None, 0):
            return own
        total = every.shape[0]
        if total is None:
            return own
        rows = (rank + 1) * total // count - rank * total // count
        own.set_shape([max(rows, 1), *own.shape[1:]])
        return own

    leaves = [known(*pair) for pair in zip(*map(tf.nest.flatten, (batch, whole)), strict=True)]
    found: Example = tf.nest.pack_sequence_as(batch, leaves)
    return found
