"""Sums over those places of a batch that name the same row of a table.

TensorFlow's kernels that add to single rows take many times as long as those that copy rows (2.21:
50 ns a row of 16 numbers against 5). So what is added to a row twice is added up first, and rows
are read, changed and written.
"""

import tensorflow as tf


class RepeatedRows:
    """Finds the places of equal numbers without sorting.

    Args:
        shape: The table's, `[rows, …]`.
    """

    def __init__(self, shape: tf.TensorShape) -> None:
        self._numbers = shape[1:].num_elements()
        # One of the places where a row was named last; what it holds from before is never read.
        self._place = tf.Variable(tf.zeros(shape[:1], tf.int32), trainable=False)

    def sums(self, rows: tf.Tensor, *values: tf.Tensor) -> list[tf.Tensor]:
        """Adds up values that belong to the same row.

        Args:
            rows: Numbers of rows, `[n]`.
            values: Each `[n, …]`, of one dtype, each as a row of the table.

        Returns:
            Tensors like `values`: at each place the sum over all places of the same row.
        """
        places = tf.range(tf.size(rows))
        self._place.scatter_update(tf.IndexedSlices(places, rows))
        first = tf.gather(self._place, rows)
        others = tf.where(tf.not_equal(first, places))  # [k, 1]
        beside = tf.concat(
            [tf.reshape(one, [tf.size(rows), self._numbers]) for one in values], axis=1
        )
        more = tf.gather_nd(beside, others)
        summed = tf.tensor_scatter_nd_add(beside, tf.gather(first, others), more)
        parts = tf.split(tf.gather(summed, first), len(values), axis=1)
        return [tf.reshape(part, tf.shape(one)) for part, one in zip(parts, values, strict=True)]


def add_to(table: tf.Variable, rows: tf.Tensor, sums: tf.Tensor) -> tf.Tensor:
    """Adds `sums`, equal wherever the same row is named again; returns these rows' new values."""
    changed = tf.gather(table, rows) + sums
    table.scatter_update(tf.IndexedSlices(changed, rows))
    return changed
