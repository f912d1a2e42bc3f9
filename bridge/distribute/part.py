"""What one replica does of a step, and how that is put together with what the others do."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.open_shapes import padded
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.rows import Rows, rows_in, shared_rows, sliced
from kerasrun.bridge.input_pipeline import Example


class Part:
    """A replica's part of a batch; made within a step.

    Args:
        replicas: All of them.
        batch: The batch of all replicas; of this process's, if `own_data`.
        own_data: Whether each process reads data of its own.

    Attributes:
        batch: This replica's rows. One row, whatever it is, where it has none.
        rows: Which they are.
    """

    def __init__(self, replicas: Replicas, batch: Example, *, own_data: bool) -> None:
        self._replicas = replicas
        replicas.begin_step()
        total = rows_in(batch)
        if own_data:
            among = replicas.local_count
            here = shared_rows(total, replicas.replica % among, among)
            self.rows = _of_all(replicas, here)
            self.batch = sliced(batch, here, total)
        else:
            self.rows = shared_rows(total, replicas.replica, replicas.count)
            self.batch = sliced(batch, self.rows, total)

    def mean(self, values: Sequence[Any]) -> list[Any]:
        """Sums over the replicas, each counting as much as it has rows; None stays None."""
        share = self.rows.share
        return self._sum([self._kept(one, share) for one in values])

    def gathered(self, value: tf.Tensor) -> tf.Tensor:
        """The rows of all replicas, `[total, ...]`, of this replica's `[rows, ...]`.

        A gradient comes back for this replica's rows only, times all rows over these: so the
        replicas' gradients of what is computed of all rows, times their shares and added up, are
        those of one device.
        """
        rows, length = self.rows, tf.shape(value)[0]
        sent = tf.cast(value, _sent_as(value.dtype))
        behind = rows.total - rows.offset - rows.count

        @tf.custom_gradient
        def gather(own: tf.Tensor) -> Any:
            placed = padded(own[: rows.count], rows.offset, behind)
            (found,) = self._replicas.sum([placed])

            def gradient(upstream: tf.Tensor) -> tf.Tensor:
                mine = upstream[rows.offset : rows.offset + rows.count]
                factor = tf.math.divide_no_nan(1.0, rows.share)
                return padded(mine * tf.cast(factor, mine.dtype), 0, length - rows.count)

            return found, gradient

        found = tf.cast(gather(sent), value.dtype)
        return tf.ensure_shape(found, [None, *value.shape[1:]])

    def _sum(self, values: Sequence[Any]) -> list[Any]:
        sums = iter(self._replicas.sum([one for one in values if one is not None]))
        return [None if one is None else next(sums) for one in values]

    def kept(self, value: Any, *, weighted: bool) -> Any:
        """What this replica adds to a sum: times its share if `weighted`; nothing without rows."""
        return self._kept(value, self.rows.share if weighted else None)

    def _kept(self, value: Any, factor: tf.Tensor | None) -> Any:
        """Times the factor; nothing where there are no rows, even of what is no number."""
        if value is None:
            return None
        if isinstance(value, tf.IndexedSlices):
            kept = self._kept(value.values, factor)
            return tf.IndexedSlices(kept, value.indices, value.dense_shape)
        scaled = value if factor is None else value * tf.cast(factor, value.dtype)
        return tf.where(self.rows.exist, scaled, tf.zeros_like(scaled))


def _of_all(replicas: Replicas, here: Rows) -> Rows:
    """Rows of data of one's own, among the rows of all replicas."""
    number = tf.cast(replicas.replica, tf.int32)
    mine = tf.one_hot(number, replicas.count, on_value=tf.cast(here.count, tf.int64))
    (counts,) = replicas.sum([tf.cast(mine, tf.int64)])
    counts = tf.cast(counts, tf.int32)
    return here._replace(total=tf.reduce_sum(counts), offset=tf.reduce_sum(counts[:number]))


def _sent_as(dtype: tf.DType) -> tf.DType:
    if dtype.is_bool or dtype.is_integer:
        return tf.int64
    return tf.float64 if dtype == tf.float64 else tf.float32
