"""How the losses of a batch become one number."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.suggest import did_you_mean

SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
SUM = "sum"
_MEAN = "mean"
_NONZERO = "nonzero"

# The names of tf.losses.Reduction and those of tf.compat.v1.losses.Reduction.
_KINDS = {
    "auto": SUM_OVER_BATCH_SIZE,
    "sum_over_batch_size": SUM_OVER_BATCH_SIZE,
    "weighted_sum_over_batch_size": SUM_OVER_BATCH_SIZE,
    "sum": SUM,
    "weighted_sum": SUM,
    "weighted_mean": _MEAN,
    "weighted_sum_by_nonzero_weights": _NONZERO,
}


def checked_reduction(loss_reduction: Any) -> str:
    """The reduction under one name for each kind.

    Args:
        loss_reduction: A value of `tf.losses.Reduction` or of `tf.compat.v1.losses.Reduction`.

    Raises:
        ValueError: It is none, or `none`: a loss must be one number.
    """
    name = str(getattr(loss_reduction, "value", loss_reduction))
    if name not in _KINDS:
        raise ValueError(
            f"loss_reduction must be one of {sorted(_KINDS)}; received {loss_reduction!r}."
            f"{did_you_mean(name, _KINDS)}"
        )
    return _KINDS[name]


def reduced_loss(losses: tf.Tensor, weights: Any, loss_reduction: str) -> tf.Tensor:
    """One number of the losses of examples.

    Args:
        losses: Float tensor, `[batch, ..., outputs]`.
        weights: A number, or a float tensor that can be broadcast to `losses`.
        loss_reduction: As `checked_reduction` returns it.
    """
    spread = weights * tf.ones_like(losses)
    total = tf.reduce_sum(losses * spread)
    if loss_reduction == SUM:
        return total
    if loss_reduction == SUM_OVER_BATCH_SIZE:
        return tf.math.divide_no_nan(total, tf.cast(tf.size(losses), total.dtype))
    if loss_reduction == _MEAN:
        return tf.math.divide_no_nan(total, tf.reduce_sum(spread))
    return tf.math.divide_no_nan(total, tf.math.count_nonzero(spread, dtype=total.dtype))
