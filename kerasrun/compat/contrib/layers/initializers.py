"""Initial weights that keep the scale of what flows through a layer."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

Initializer = Callable[..., tf.Tensor]
_MODES = ("FAN_IN", "FAN_OUT", "FAN_AVG")
_CUT_OFF = 1.3  # what a normal distribution loses of its variance beyond two deviations


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = tf.float32,
) -> Initializer:
    """Returns what makes weights of variance `factor / n`.

    Args:
        factor: See above.
        mode: What `n` is: inputs (`FAN_IN`), outputs (`FAN_OUT`), or their mean (`FAN_AVG`).
        uniform: Whether they are uniform, not normal.
        seed: Of chance.
        dtype: Of the weights.

    Raises:
        TypeError: `dtype` is no kind of float, or `mode` none of these.
    """
    if not tf.as_dtype(dtype).is_floating:
        raise TypeError(f"Initial weights must be floats; received dtype={dtype!r}.")
    if mode not in _MODES:
        raise TypeError(f"mode must be one of {_MODES}; received {mode!r}.")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> tf.Tensor:
        sizes = tf.TensorShape(shape).as_list()
        if partition_info is not None:
            sizes = partition_info.full_shape
        fan_in, fan_out = _fans(sizes)
        count = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2}[mode]
        if uniform:
            limit = math.sqrt(3.0 * factor / count)
            return v1.random_uniform(shape, -limit, limit, dtype, seed)
        deviation = math.sqrt(_CUT_OFF * factor / count)
        return v1.truncated_normal(shape, 0.0, deviation, dtype, seed)

    return initializer


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf.float32
) -> Initializer:
    """Returns what makes weights after Glorot and Bengio (2010).

    Args:
        uniform: Whether they are uniform, not normal.
        seed: Of chance.
        dtype: Of the weights.
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer


def _fans(sizes: Sequence[int]) -> tuple[float, float]:
    """How many inputs and outputs weights of this shape have."""
    if not sizes:
        return 1.0, 1.0
    window = math.prod(sizes[:-2])
    inputs = sizes[-2] if len(sizes) > 1 else sizes[-1]
    return float(inputs * window), float(sizes[-1] * window)
