"""What arguments of layers may be: names of activations and initializers, numbers for tuples."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as v1

# Of the same name and meaning in TensorFlow and Keras; these draw by the seed of the graph.
_SEEDED_BY_GRAPH = (
    *("glorot_normal", "glorot_uniform", "he_normal", "he_uniform"),
    *("lecun_normal", "lecun_uniform", "identity", "orthogonal", "ones", "zeros"),
)
# Of the same name in both; the numbers are Keras's.
_SMALL = {
    "random_normal": lambda: v1.random_normal_initializer(0.0, 0.05),
    "random_uniform": lambda: v1.random_uniform_initializer(-0.05, 0.05),
    "truncated_normal": lambda: v1.truncated_normal_initializer(0.0, 0.05),
}


def initializer_of(given: Any) -> Any:
    """Returns what `tf.compat.v1.get_variable` takes, from that or from a name.

    Raises:
        ValueError: Keras has no initializer of this name.
    """
    if not isinstance(given, (str, dict)):
        return given
    if isinstance(given, str) and given in _SEEDED_BY_GRAPH:
        return getattr(v1.initializers, given)()
    if isinstance(given, str) and given in _SMALL:
        return _SMALL[given]()
    return keras.initializers.get(given)


def activation_of(given: Any, otherwise: Callable[[Any], Any] | None = None) -> Any:
    """Returns a function, from that or from the name of one, or None for none.

    Raises:
        ValueError: Neither TensorFlow nor Keras has an activation of this name.
    """
    if not given:
        return otherwise
    if callable(given):
        return given
    if given in ("relu", "relu6", "elu", "selu", "sigmoid", "tanh", "softmax", "softplus"):
        return getattr(tf.nn, given)
    return keras.activations.get(given)


def count(given: Any, argument: str, layer: str) -> int:
    """Returns a positive whole number.

    Raises:
        ValueError: It is none.
    """
    if _whole(given):
        return int(given)
    raise ValueError(f"{layer} takes as {argument} a positive whole number; got {given!r}.")


def sizes(given: Any, rank: int, argument: str, layer: str) -> tuple[int, ...]:
    """Returns one positive number for each dimension in space, from those or from one for all.

    Raises:
        ValueError: They are too many, too few, or not positive numbers.
    """
    found = tuple(given) if isinstance(given, (Sequence, np.ndarray)) else (given,) * rank
    if len(found) != rank or not all(map(_whole, found)):
        several = f", or {rank} of them" if rank > 1 else ""
        raise ValueError(
            f"{layer} takes as {argument} a positive whole number{several}; got {given!r}."
        )
    return tuple(int(each) for each in found)


def one_of(given: str, allowed: Sequence[str], argument: str, layer: str) -> str:
    """Returns the word in lower case.

    Raises:
        ValueError: It is none of those allowed.
    """
    word = str(given).lower()
    if word not in allowed:
        raise ValueError(
            f"{layer} takes as {argument} one of {', '.join(map(repr, allowed))}; got {given!r}."
        )
    return word


def _whole(given: Any) -> bool:
    number = isinstance(given, (int, float, np.number)) and not isinstance(given, bool)
    return number and given > 0 and float(given).is_integer()
