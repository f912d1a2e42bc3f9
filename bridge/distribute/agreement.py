"""What the processes agree on at each step, beside the update: whether to stop, and on the data.

It travels with the step's own sums, so that all of them end the same step with the same answer.
"""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.replicas import Replicas

_LOOK_EVERY_STEPS = 64
_SAMPLES = 256
_SIGNAL = 1e6  # more than all replicas together wish for another reason
_PRINTS = 4096  # fingerprints are below: sums of their squares are exact in float64


class Agreement:
    """Of one training.

    Args:
        replicas: Who agrees.
        own_data: Whether each process reads data of its own, which then may differ.
    """

    def __init__(self, replicas: Replicas, *, own_data: bool) -> None:
        self._count, self._looks = replicas.count, not own_data
        with tf.init_scope():
            self._wish = tf.Variable(0.0, trainable=False, dtype=tf.float64)
            self._agreed = tf.Variable([0.0, 0.0], trainable=False, dtype=tf.float64)

    def wish_to_stop(self, *, interrupted: bool) -> None:
        """Tells the others with the next step; whether by a signal, or as training has its end."""
        self._wish.assign(_SIGNAL if interrupted else 1.0)

    def begin(self) -> None:
        """Nothing has been asked for."""
        self._wish.assign(0.0)
        self._agreed.assign([0.0, 0.0])

    @property
    def stop(self) -> bool:
        """Whether somebody wanted to stop before the last step."""
        return bool(self._agreed[0] > 0)

    @property
    def interrupted(self) -> bool:
        """Whether that was because of a signal."""
        return bool(self._agreed[0] >= _SIGNAL)

    @property
    def differ(self) -> bool:
        """Whether the processes have been seen to read different data."""
        return bool(self._agreed[1] > 0)

    def goes_on(self) -> tf.Tensor:
        """In a graph: whether the next step may be taken."""
        return tf.reduce_all(tf.equal(self._agreed, 0.0))

    def told(self, batch: Any, step: tf.Tensor) -> list[tf.Tensor]:
        """In a replica's step: what is to be summed up over the replicas."""
        print_ = tf.constant(0.0, tf.float64)
        if self._looks:
            looks = tf.equal(step % _LOOK_EVERY_STEPS, 0)
            print_ = tf.cond(looks, lambda: fingerprint(batch), lambda: tf.zeros([], tf.float64))
        return [tf.stack([self._wish, print_, print_ * print_])]

    def heard(self, sums: tf.Tensor) -> None:
        """In a graph, after a step: what the sums were."""
        count = tf.constant(self._count, tf.float64)
        spread = count * sums[2] - sums[1] * sums[1]
        self._agreed.assign(tf.stack([sums[0], spread]))


def fingerprint(batch: Any) -> tf.Tensor:
    """A whole number below 4,096 that tells batches apart, float64; of some of their values."""
    total = tf.zeros([], tf.int64)
    leaves = [one for one in tf.nest.flatten(batch, expand_composites=True) if one is not None]
    for index, one in enumerate(leaves):
        flat = tf.reshape(one, [-1])
        size = tf.shape(flat)[0]
        some = _hashed(flat[:: tf.maximum(size // _SAMPLES, 1)][:_SAMPLES])
        places = tf.range(1, tf.shape(some)[0] + 1, dtype=tf.int64)
        total += (index + 1) * tf.reduce_sum(places * (some % _PRINTS)) + tf.cast(size, tf.int64)
    return tf.cast(total % _PRINTS, tf.float64)


def _hashed(values: tf.Tensor) -> tf.Tensor:
    if values.dtype == tf.string:
        return tf.strings.to_hash_bucket_fast(values, _PRINTS)
    if values.dtype.is_floating:
        return tf.cast(tf.bitcast(tf.cast(values, tf.float32), tf.int32), tf.int64)
    return tf.cast(values, tf.int64)
