"""Which rows of a batch a replica works on."""

from typing import Any, NamedTuple

import tensorflow as tf


class Rows(NamedTuple):
    """A replica's rows of a batch.

    Attributes:
        start: The first of them, int32.
        count: How many there are, int32; 0 where the batch has fewer than there are replicas.
        total: How many the batches of all replicas hold together, int32.
        offset: How many rows the replicas before this one have.
    """

    start: tf.Tensor
    count: tf.Tensor
    total: tf.Tensor
    offset: tf.Tensor

    @property
    def share(self) -> tf.Tensor:
        """The part of all rows that these are, float32."""
        return tf.cast(self.count, tf.float32) / tf.cast(tf.maximum(self.total, 1), tf.float32)

    @property
    def exist(self) -> tf.Tensor:
        """Whether there are any."""
        return self.count > 0


def rows_in(batch: Any) -> tf.Tensor:
    """How many rows a batch has, int32.

    Raises:
        ValueError: Nothing in it has a first dimension.
    """
    for one in _tensors(batch):
        if one.shape.rank != 0:
            return _length(one)
    raise ValueError(
        "A batch of scalars cannot be shared among replicas: the tensors that input_fn gives must "
        "have the batch as their first dimension."
    )


def shared_rows(total: tf.Tensor, replica: Any, count: int) -> Rows:
    """The rows of one of `count` replicas that share a batch: as even as can be, in order."""
    number = tf.cast(replica, tf.int32)
    start = number * total // count
    end = (number + 1) * total // count
    return Rows(start, end - start, total, start)


def sliced(batch: Any, rows: Rows, total: tf.Tensor) -> Any:
    """The rows of a batch of `total`; one row where there are none, so that a step can be run."""
    begin = tf.maximum(tf.minimum(rows.start, total - 1), 0)
    end = tf.maximum(rows.start + rows.count, begin + 1)

    def cut(one: Any) -> Any:
        if isinstance(one, tf.SparseTensor):
            shape = one.dense_shape
            starts = tf.concat([[tf.cast(begin, tf.int64)], tf.zeros_like(shape[1:])], 0)
            sizes = tf.concat([[tf.cast(end - begin, tf.int64)], shape[1:]], 0)
            return tf.sparse.slice(one, starts, sizes)
        if one.shape.rank == 0:
            return one
        check = tf.debugging.assert_equal(
            _length(one),
            total,
            "The tensors of a batch have first dimensions that differ: such a batch cannot be "
            "shared among replicas",
        )
        with tf.control_dependencies([check] if check is not None else []):
            return one[begin:end]

    leaves = [one if one is None else cut(one) for one in tf.nest.flatten(batch)]
    return tf.nest.pack_sequence_as(batch, leaves)


def _tensors(batch: Any) -> list[Any]:
    return [one for one in tf.nest.flatten(batch) if one is not None]


def _length(one: Any) -> tf.Tensor:
    if isinstance(one, tf.SparseTensor):
        return tf.cast(one.dense_shape[0], tf.int32)
    if isinstance(one, tf.RaggedTensor):
        return tf.cast(one.nrows(), tf.int32)
    return tf.shape(one)[0]
