"""Losses of weights."""

import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

Regularizer = Callable[[Any], tf.Tensor | None]


def l1_regularizer(scale: float, scope: str | None = None) -> Regularizer:
    """Returns what makes the loss `scale * sum(|weights|)`; with 0, no loss.

    Args:
        scale: A float, not below 0.
        scope: Of the operations.

    Raises:
        ValueError: It is no float, or below 0.
    """
    return _regularizer("l1_regularizer", scale, scope, lambda w: tf.reduce_sum(tf.abs(w)))


def l2_regularizer(scale: float, scope: str | None = None) -> Regularizer:
    """Returns what makes the loss `scale * sum(weights²) / 2`; with 0, no loss.

    Args:
        scale: A float, not below 0.
        scope: Of the operations.

    Raises:
        ValueError: It is no float, or below 0.
    """
    return _regularizer("l2_regularizer", scale, scope, tf.nn.l2_loss)


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: str | None = None
) -> Regularizer:
    """Returns what makes the sum of both losses; see `l1_regularizer` and `l2_regularizer`."""
    name = scope or "l1_l2_regularizer"
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], name)


def sum_regularizer(
    regularizer_list: Sequence[Regularizer | None], scope: str | None = None
) -> Regularizer | Any:
    """Returns what makes the sum of the losses of several; None where there is none.

    Args:
        regularizer_list: The regularizers; None stands for no loss.
        scope: Of the operations.
    """
    parts = [each for each in regularizer_list if each is not None]
    if not parts:
        return None

    def total(weights: Any) -> tf.Tensor | None:
        with v1.name_scope(scope, "sum_regularizer", [weights]):
            losses = [loss for each in parts if (loss := each(weights)) is not None]
            return tf.add_n(losses) if losses else None

    return total


def apply_regularization(
    regularizer: Regularizer, weights_list: Iterable[Any] | None = None
) -> tf.Tensor:
    """The sum of the losses of weights, a scalar, which is also noted as a regularization loss.

    Args:
        regularizer: Of each.
        weights_list: The weights. None: those in the collection `weights`.

    Raises:
        ValueError: There are none.
    """
    weights = list(weights_list or v1.get_collection(v1.GraphKeys.WEIGHTS))
    if not weights:
        raise ValueError("apply_regularization: there are no weights; give weights_list.")
    with v1.name_scope("get_regularization_penalty", values=weights):
        losses = [loss for each in weights if (loss := regularizer(each)) is not None]
        total = tf.add_n(losses) if losses else tf.constant(0.0)
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, total)
        return total


def _regularizer(
    name: str, scale: Any, scope: str | None, loss: Callable[[Any], tf.Tensor]
) -> Regularizer:
    if isinstance(scale, numbers.Integral) or not isinstance(scale, numbers.Real) or scale < 0:
        raise ValueError(f"{name}: scale must be a float, not below 0; received {scale!r}.")

    def regularizer(weights: Any) -> tf.Tensor | None:
        if not scale:
            return None
        with v1.name_scope(scope, name, [weights]):
            return tf.multiply(tf.cast(scale, weights.dtype.base_dtype), loss(weights))

    return regularizer
