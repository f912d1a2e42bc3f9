"""How the losses of a batch become one number."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

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


class WholeBatch(Protocol):
    """What a process computes of its rows, where several share a batch."""

    def sum(self, own: tf.Tensor) -> tf.Tensor:
        """The loss, of the sum over its rows."""

    def mean(self, own: tf.Tensor, divisor: tf.Tensor) -> tf.Tensor:
        """The loss, of the sum over its rows and of what such a sum is divided by."""


_whole: ContextVar[WholeBatch | None] = ContextVar("whole", default=None)


@contextmanager
def of_whole_batches(whole: WholeBatch) -> Iterator[None]:
    """Within it losses are those of batches that several processes share."""
    before = _whole.set(whole)
    try:
        yield
    finally:
        _whole.reset(before)


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
    whole = _whole.get()
    spread = weights * tf.ones_like(losses)
    total = tf.reduce_sum(losses * spread)
    if loss_reduction == SUM:
        return total if whole is None else whole.sum(total)
    divisor = _divisor(losses, spread, loss_reduction)
    return tf.math.divide_no_nan(total, divisor) if whole is None else whole.mean(total, divisor)


def _divisor(losses: tf.Tensor, spread: tf.Tensor, loss_reduction: str) -> tf.Tensor:
    if loss_reduction == SUM_OVER_BATCH_SIZE:
        return tf.cast(tf.size(losses), losses.dtype)
    if loss_reduction == _MEAN:
        return tf.reduce_sum(spread)
    return tf.math.count_nonzero(spread, dtype=losses.dtype)
