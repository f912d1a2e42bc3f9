"""Sums over replicas of tensors whose shape is not known before, and may change with each step.

`tf.distribute` gives a collective operation one key for all steps of a loop, and TensorFlow expects
one shape for a key: it fails at the last batch of an epoch, if that is smaller. Here the key
follows from the size, too.
"""

import threading
from typing import Any

import tensorflow as tf
from tensorflow.python.ops import collective_ops

from kerasrun.bridge.plain_variables import plain_variables

_FIRST_GROUP = 2**24  # tf.distribute counts from 1
_FIRST_KEY = 2**20
_SIZES = 1_048_573  # a prime: sizes that are as far apart as that are those of no two batches
_MOST_CALLS = 1024  # in one step; keys are 32 bits

_groups: dict[Any, int] = {"cluster": 0}  # the same in all of its processes


class OpenShapes:
    """Adds up, over the replicas of one strategy.

    Args:
        strategy: The strategy.
        count: How many replicas there are.
        several_processes: Whether they are in more than this process.
    """

    def __init__(self, strategy: Any, count: int, *, several_processes: bool) -> None:
        self._count = count
        devices = "cluster" if several_processes else tuple(strategy.extended.worker_devices)
        self._group = _FIRST_GROUP + _groups.setdefault(devices, len(_groups))
        self._devices = strategy.extended.worker_devices
        self._calls = threading.local()
        self._tokens: dict[str, tf.Variable] = {}

    def begin_step(self) -> None:
        """The step of this thread's replica is about to be traced."""
        self._calls.count = 0

    def sum(self, value: tf.Tensor) -> tf.Tensor:
        """The sum of a tensor that has the same shape on all replicas."""
        shape, flat = tf.shape(value), tf.reshape(value, [-1])
        summed = collective_ops.all_reduce_v2(
            flat,
            self._count,
            self._group,
            self._key(flat),
            communication_hint="ring",  # NCCL wants an order among operations
            ordering_token=self._token(),
        )
        found = tf.reshape(summed, shape)
        found.set_shape(value.shape)
        return found

    def gathered(self, slices: tf.IndexedSlices, counts: tf.Tensor, number: tf.Tensor) -> Any:
        """The slices of all replicas, one replica's behind another's.

        Args:
            slices: Those of this replica.
            counts: How many each replica has, int32 `[replicas]`.
            number: Which replica this is.
        """
        total, before = tf.reduce_sum(counts), tf.reduce_sum(counts[:number])
        behind = total - before - counts[number]
        values = padded(slices.values, before, behind)
        indices = padded(tf.cast(slices.indices, tf.int64), before, behind)
        summed = self.sum(indices)
        return tf.IndexedSlices(
            self.sum(values), tf.cast(summed, slices.indices.dtype), slices.dense_shape
        )

    def _token(self) -> Any:
        """Operations of one device are run in order; those of two must not wait for each other."""
        device = tf.zeros([]).device or self._devices[0]  # where this replica's operations go
        if device not in self._tokens:
            with plain_variables(), tf.device(device):
                self._tokens[device] = tf.Variable(0.0, trainable=False)
        return self._tokens[device].handle

    def _key(self, flat: tf.Tensor) -> tf.Tensor:
        """One for each place in a step, size and dtype: TensorFlow remembers them for good."""
        call = getattr(self._calls, "count", 0)
        self._calls.count = call + 1
        if call >= _MOST_CALLS:
            raise ValueError(f"A step has more than {_MOST_CALLS} tensors of unknown shape.")
        told = 64 * tf.size(flat, tf.int64) + flat.dtype.as_datatype_enum
        return _FIRST_KEY * (call + 1) + tf.cast(told % _SIZES, tf.int32)


def padded(value: tf.Tensor, before: Any, behind: Any) -> tf.Tensor:
    """With rows of zeros before and behind."""
    rest = tf.zeros([tf.rank(value) - 1, 2], tf.int32)
    first = tf.stack([tf.cast(before, tf.int32), tf.cast(behind, tf.int32)])
    found = tf.pad(value, tf.concat([[first], rest], axis=0))
    found.set_shape([None, *value.shape[1:]])
    return found
