"""What a layer asks of its input's shape and dtype, said in one sentence where it is not so."""

from typing import Any

import tensorflow as tf


def check_rank(inputs: tf.Tensor, rank: int, layer: str, shape: str) -> None:
    """Raises ValueError unless the input has this rank; `shape` tells what it should look like."""
    if inputs.shape.rank != rank:
        raise ValueError(
            f"The layer {layer!r} takes an input of rank {rank}, {shape}; got the shape "
            f"{inputs.shape}."
        )


def known_dimension(shape: tf.TensorShape, axis: int, layer: str) -> int:
    """Returns the size of one dimension, which the layer's variables depend on.

    Raises:
        ValueError: The rank or this dimension is not known when the graph is built.
    """
    if shape.rank is None or shape[axis] is None:
        where = "last dimension" if axis == -1 else f"dimension {axis}"
        raise ValueError(
            f"The layer {layer!r} has to know the {where} of its input; got the shape {shape}. "
            "Give it by tf.reshape or set_shape."
        )
    return int(shape[axis])


def check_floating(dtype: Any, layer: str) -> None:
    """Raises TypeError unless the dtype is one of real or complex numbers."""
    found = tf.as_dtype(dtype or tf.float32)
    if not (found.is_floating or found.is_complex):
        raise TypeError(
            f"The layer {layer!r} takes floating-point numbers; got {found.name}. "
            "Convert its input by tf.cast."
        )
