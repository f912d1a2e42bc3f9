"""The variables of a layer, and what a layer does at its end."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.made_variables import model_variable


def layer_variable(
    name: str, shape: Any, like: tf.Tensor, collections: Any, **settings: Any
) -> Any:
    """A variable of the model, in the current scope.

    Args:
        name: Of the variable, which is also its kind.
        shape: Of the variable.
        like: A tensor of its dtype.
        collections: Names of collections; or kind of variable to such names.
        **settings: As in `tf.get_variable`.
    """
    noted = collections.get(name) if isinstance(collections, Mapping) else collections
    return model_variable(name, shape, like.dtype.base_dtype, collections=noted, **settings)


def finished(outputs: tf.Tensor, activation_fn: Any = None, collections: Any = None) -> tf.Tensor:
    """The outputs, activated, and noted in these collections."""
    activated = outputs if activation_fn is None else activation_fn(outputs)
    v1.add_to_collections(collections or (), activated)
    return activated


def normalized_or_biased(
    outputs: tf.Tensor,
    normalizer_fn: Any,
    normalizer_params: Mapping[str, Any] | None,
    biases: Mapping[str, Any],
    data_format: str | None = None,
) -> tf.Tensor:
    """The outputs, normalised; or, where there is no `normalizer_fn`, with biases added.

    Args:
        outputs: Of a layer.
        normalizer_fn: Takes them, and `normalizer_params`.
        normalizer_params: Its arguments.
        biases: Arguments of `layer_variable`; without an initializer there are no biases.
        data_format: `NHWC` or `NCHW`.
    """
    if normalizer_fn is not None:
        normalized: tf.Tensor = normalizer_fn(outputs, **(normalizer_params or {}))
        return normalized
    if biases["initializer"] is None:
        return outputs
    return tf.nn.bias_add(outputs, layer_variable("biases", **biases), data_format)


def known_dimension(inputs: tf.Tensor, axis: int, layer: str) -> int:
    """The size of an axis.

    Raises:
        ValueError: It is not known.
    """
    size: int | None = None if inputs.shape.rank is None else inputs.shape[axis]
    if size is None:
        raise ValueError(
            f"{layer}: the size of axis {axis} of the inputs must be known; their shape is "
            f"{inputs.shape}."
        )
    return size


def channel_axis(inputs: tf.Tensor, data_format: str | None, layer: str) -> int:
    """The axis of the channels of images `[batch, ..., ...]`.

    Raises:
        ValueError: The inputs have not four axes, or the format is another.
    """
    if data_format not in (None, "NHWC", "NCHW"):
        raise ValueError(f"{layer}: data_format must be 'NHWC' or 'NCHW'; received {data_format!r}")
    if inputs.shape.rank != 4:
        raise ValueError(f"{layer} needs inputs of four axes; their shape is {inputs.shape}.")
    return 1 if data_format == "NCHW" else 3
