"""The layer that makes each example one vector."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.v1_layers.arguments import one_of
from kerasrun.bridge.v1_layers.channels import DATA_FORMATS, channels_last
from kerasrun.bridge.v1_layers.layer import Layer


class Flatten(Layer):
    """`[batch, ...]` -> `[batch, size]`; see `tf.compat.v1.layers.Flatten`.

    Args:
        data_format: With `"channels_first"` the channels, second in the input, become last before
            it is flattened, so that the order is that of `"channels_last"`.
        **kwargs: `name`, and other arguments of every layer.
    """

    takes_one_tensor = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = one_of(
            data_format or DATA_FORMATS[0], DATA_FORMATS, "data_format", "Flatten"
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns `[batch, size]`, with as much of the shape as is known."""
        shape = inputs.shape
        if shape.rank == 0:
            raise ValueError(
                f"The layer {self.name!r} takes an input of rank 1 or more, [batch, ...]; got a "
                "scalar."
            )
        if shape.rank == 1:
            return tf.expand_dims(inputs, 1)
        if self.data_format == "channels_first" and shape.rank is not None:
            inputs = channels_last(inputs)
        if shape.rank is not None and shape[1:].is_fully_defined():
            return tf.reshape(inputs, [-1, shape[1:].num_elements()])
        return tf.reshape(inputs, tf.stack([tf.shape(inputs)[0], -1]))


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Any:
    """Calls a `Flatten` layer once; see there for the arguments."""
    return Flatten(data_format, name=name)(inputs)
