"""One of two branches, by `training`, which may be known only when the graph runs."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def known(training: Any) -> bool | None:
    """Whether it is training; None where a tensor tells it at run time. None given is False."""
    if training is None:
        return False
    if isinstance(training, tf.Variable):
        return None
    value = tf.get_static_value(training) if tf.is_tensor(training) else training
    return None if value is None else bool(value)


def as_condition(training: Any) -> tf.Tensor:
    """A boolean scalar of a `training` that is a tensor or a variable."""
    return tf.cast(training, tf.bool)


def switch(training: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """Returns what one of the two returns."""
    value = known(training)
    if value is None:
        return tf.cond(as_condition(training), then, otherwise)
    return then() if value else otherwise()
