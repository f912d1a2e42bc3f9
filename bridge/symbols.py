"""What stands for a batch while a Keras model is built."""

from typing import Any

import keras
import tensorflow as tf


def is_nothing(spec: Any) -> bool:
    """Whether a spec says that there is no data."""
    return spec is None or isinstance(spec, tf.NoneTensorSpec)


def symbol_of(spec: Any) -> keras.KerasTensor | None:
    """A symbolic input of this spec, for a batch of any size; None where there is no data."""
    if is_nothing(spec):
        return None
    return keras.KerasTensor((None, *spec.shape[1:]), spec.dtype.name)
