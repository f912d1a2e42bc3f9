"""Sums over the processes of a cluster, as operations of a graph of TensorFlow 1.

The graph of a `model_fn` runs as a part of the compiled loop in one process while a hook watches
the step in another. So the operations are the graph's own: their keys are counted where they are
made, which all processes do alike.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.ops import collective_ops

from kerasrun.bridge.distribute.open_shapes import padded

_GROUP = 2**25  # of this program's own numbers: tf.distribute counts from 1
_PACKED_ELEMENTS = 2**16  # smaller tensors travel together
_FIRST_KEY = 2**20
_SIZES = 1_048_573  # see `kerasrun.bridge.distribute.open_shapes`
_MOST_OPEN = 2046  # keys are 32 bits

_fixed_numbers, _open_numbers = itertools.count(1), itertools.count(1)


class GraphCollectives:
    """Those of one graph, in which everything is made while it is the default one.

    Args:
        rank: This process's number.
        count: How many processes there are.
        device: Where they run, such as `/device:CPU:0`.

    Attributes:
        made: The operations, in order: each waits for the one before it, so that all processes
            begin them in the same order.
        alike: Operations whose outputs are the same on all processes.
    """

    def __init__(self, rank: int, count: int, device: str) -> None:
        self.made: list[Any] = []
        self.alike: set[Any] = set()
        self._rank, self._count, self._device = rank, count, device

    def sum(self, tensors: Sequence[Any]) -> list[Any]:
        """The sums over all processes of dense tensors of known shape, and of `tf.IndexedSlices`.

        Slices are put one process's behind another's.
        """
        found: dict[int, Any] = {}
        small: dict[tf.DType, list[int]] = {}
        sparse: list[int] = []
        for index, tensor in enumerate(tensors):
            if isinstance(tensor, tf.IndexedSlices):
                sparse.append(index)
            elif not tensor.shape.is_fully_defined():
                found[index] = self._reduced(tensor, known=False)
            elif tensor.shape.num_elements() > _PACKED_ELEMENTS:
                found[index] = self._reduced(tensor)
            else:
                small.setdefault(_sent_as(tensor.dtype), []).append(index)
        for dtype, indices in small.items():
            given = [tensors[i] for i in indices]
            found |= zip(indices, self._packed_sum(given, dtype), strict=True)
        if sparse:
            found |= zip(sparse, self._gathered([tensors[i] for i in sparse]), strict=True)
        return [found[index] for index in range(len(tensors))]

    def told_by_all(self, numbers: tf.Tensor) -> tf.Tensor:
        """What each process tells: `[processes, n]`, int64, of `[n]`."""
        here = tf.one_hot(self._rank, self._count, dtype=tf.int64)
        (found,) = self.sum([here[:, tf.newaxis] * tf.cast(numbers, tf.int64)[tf.newaxis]])
        return found

    def _packed_sum(self, tensors: Sequence[tf.Tensor], dtype: tf.DType) -> list[tf.Tensor]:
        pack = tf.concat([tf.reshape(tf.cast(one, dtype), [-1]) for one in tensors], axis=0)
        parts = tf.split(self._reduced(pack), [one.shape.num_elements() for one in tensors])
        return [
            tf.cast(tf.reshape(part, one.shape), one.dtype)
            for part, one in zip(parts, tensors, strict=True)
        ]

    def _gathered(self, slices: Sequence[tf.IndexedSlices]) -> list[tf.IndexedSlices]:
        lengths = self.told_by_all(tf.stack([tf.shape(one.indices)[0] for one in slices]))
        before = tf.reduce_sum(lengths[: self._rank], axis=0)
        behind = tf.reduce_sum(lengths[self._rank + 1 :], axis=0)

        def all_rows(value: tf.Tensor, place: int) -> tf.Tensor:
            return self._reduced(padded(value, before[place], behind[place]), known=False)

        return [
            tf.IndexedSlices(all_rows(one.values, i), all_rows(one.indices, i), one.dense_shape)
            for i, one in enumerate(slices)
        ]

    def _reduced(self, tensor: tf.Tensor, *, known: bool = True) -> tf.Tensor:
        """The sum; of a tensor whose shape may change with each step, the key does so, too."""
        sent = tf.reshape(tf.cast(tensor, _sent_as(tensor.dtype)), [-1])
        if known:
            key: Any = next(_fixed_numbers)
        else:
            key = _open_key() + tf.cast(tf.size(sent) % _SIZES, tf.int32)
        with tf.control_dependencies(self.made[-1:]), tf.device(self._device):
            summed = collective_ops.all_reduce_v2(
                sent, self._count, _GROUP + (not known), key, communication_hint="auto"
            )
        self.made.append(summed.op)
        found = tf.cast(tf.reshape(summed, tf.shape(tensor)), tensor.dtype)
        found = tf.ensure_shape(found, tensor.shape)
        self.alike.add(found.op)
        return found


def _open_key() -> int:
    number = next(_open_numbers)
    if number > _MOST_OPEN:
        raise ValueError(
            f"The model_fn has more than {_MOST_OPEN} gradients of single rows, in all of its "
            "graphs: that many cannot be put together by the processes of a cluster."
        )
    return _FIRST_KEY * number


def _sent_as(dtype: tf.DType) -> tf.DType:
    """Collectives know no small integers, and no truth values; half precision would round."""
    if dtype.is_bool or dtype.is_integer:
        return tf.int64
    return dtype if dtype in (tf.float32, tf.float64) else tf.float32
