"""Batches of rows that lie in memory, drawn by tf.data operations alone.

Only row numbers are shuffled, several short epochs at a time; rows are gathered for many small
batches at once. Each stage of tf.data costs some microseconds an element, which is more than the
work itself where a batch is small. A saved iterator holds row numbers, and little data.
"""

from typing import Any

import tensorflow as tf

from kerasrun.input_fns.batching import Batching
from kerasrun.input_fns.epochs import shuffle_seeds

_ROWS_SHUFFLED = 4096
_BYTES_GATHERED = 2**16


def batches_of_rows(rows: Any, row_count: int, batching: Batching) -> tf.data.Dataset:
    """Returns a dataset of batches of `rows`.

    Epochs follow each other before rows are batched: 5 rows in batches of 2 for 2 epochs are
    `[0, 1] [2, 3] [4, 0] [1, 2] [3, 4]`.

    Args:
        rows: a nested structure of arrays, each of shape `[row_count, ...]`.
        row_count: rows in each array, at least 1.
        batching: batch size, epochs, order and seed.

    Returns:
        A dataset of the same structure; each tensor has shape `[batch, ...]` and its array's dtype.
    """
    with tf.device("CPU:0"):  # tf.data reads them there; on a GPU each batch would be copied back
        tensors = tf.nest.map_structure(tf.convert_to_tensor, rows)

    @tf.autograph.experimental.do_not_convert
    def gather(row_numbers: tf.Tensor) -> Any:
        return tf.nest.map_structure(lambda tensor: tf.gather(tensor, row_numbers), tensors)

    size = batching.batch_size
    at_once = max(_BYTES_GATHERED // (size * _row_bytes(tensors)), 1)
    gathered = _row_numbers(row_count, batching).rebatch(size * at_once).map(gather)
    # Not after what follows: to hand a small batch from thread to thread takes longer than that.
    gathered = gathered.prefetch(1 if at_once > 1 else tf.data.AUTOTUNE)
    endless = batching.num_epochs is None
    batches = gathered.rebatch(size, drop_remainder=endless)  # none there: of one shape, then
    batch_count = tf.data.experimental.assert_cardinality(_batch_count(row_count, batching))
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False  # nor shall tf.data; it is saved, too
    return batches.apply(batch_count).with_options(options)


def _row_numbers(row_count: int, batching: Batching) -> tf.data.Dataset:
    """Returns a dataset of row numbers, those of some epochs an element, each in its order."""
    epochs = batching.num_epochs
    at_once = max(_ROWS_SHUFFLED // row_count, 1)
    elements = None if epochs is None else -(-epochs // at_once)

    @tf.autograph.experimental.do_not_convert
    def in_order(number: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        return _until_end(number, tf.tile(tf.range(row_count, dtype=tf.int64), [at_once]))

    @tf.autograph.experimental.do_not_convert
    def shuffled(number: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        keys = tf.random.stateless_uniform(
            [at_once, row_count], tf.stack([seed, 0]), minval=None, maxval=None, dtype=tf.int64
        )
        order = tf.cast(tf.reshape(tf.argsort(keys, axis=-1), [-1]), tf.int64)
        return _until_end(number, order)

    def _until_end(number: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
        """The last element may hold fewer epochs."""
        if epochs is None:
            return order
        return order[: (epochs - number * at_once) * row_count]

    if batching.shuffle:
        return shuffle_seeds(batching, elements).enumerate().map(shuffled)
    return tf.data.Dataset.from_tensors(0).repeat(elements).enumerate().map(in_order)


def _row_bytes(tensors: Any) -> int:
    """Of one row; text counts as much as its pointers."""
    leaves = tf.nest.flatten(tensors)
    return max(sum(int(t.dtype.size * t.shape[1:].num_elements()) for t in leaves), 1)


def _batch_count(row_count: int, batching: Batching) -> int:
    if batching.num_epochs is None:
        return int(tf.data.INFINITE_CARDINALITY)
    return -(-row_count * batching.num_epochs // batching.batch_size)
