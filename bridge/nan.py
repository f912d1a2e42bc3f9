"""Whether a weight holds a NaN."""

import tensorflow as tf


def holds_nan(value: tf.Tensor) -> tf.Tensor:
    """A bool scalar: whether a tensor does, of any dtype."""
    if not value.dtype.is_floating:
        return tf.constant(False)
    if value.dtype in (tf.float32, tf.float64):
        # One pass over the memory; a sum that is NaN for infinite weights is no false alarm.
        return tf.math.is_nan(tf.reduce_sum(value))
    return tf.reduce_any(tf.math.is_nan(value))
