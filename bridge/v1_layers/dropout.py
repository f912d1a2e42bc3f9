"""The layer that leaves out some values at random while it trains."""

from typing import Any

import tensorflow as tf

from kerasrun.bridge.v1_layers.layer import Layer
from kerasrun.bridge.v1_layers.training_switch import switch


class Dropout(Layer):
    """While it trains, a share of the values is 0, and the others grow to keep their sum.

    See `tf.compat.v1.layers.Dropout`.

    Args:
        rate: Share of the values left out, from 0 to 1.
        noise_shape: Of the mask, which is broadcast; None for the shape of the input.
        seed: Of the random numbers, with that of the graph.
        name: Of the layer.
        **kwargs: Other arguments of every layer.

    Raises:
        ValueError: The rate is not from 0 to 1.
    """

    takes_one_tensor = True

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if isinstance(rate, (int, float)) and not 0 <= rate <= 1:
            raise ValueError(f"Dropout takes as rate a number from 0 to 1; got {rate!r}.")
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """Returns the input, with some values 0 where `training`, a bool or a boolean tensor."""
        if isinstance(self.rate, (int, float)) and self.rate == 0:
            return tf.identity(inputs)
        return switch(training, lambda: self._dropped(inputs), lambda: tf.identity(inputs))

    def _dropped(self, inputs: tf.Tensor) -> tf.Tensor:
        if isinstance(self.rate, (int, float)) and self.rate == 1:
            return tf.zeros_like(inputs)  # the share that is kept could not grow
        return tf.nn.dropout(inputs, self.rate, self._noise_shape(inputs), self.seed)

    def _noise_shape(self, inputs: tf.Tensor) -> Any:
        if self.noise_shape is None or tf.is_tensor(self.noise_shape):
            return self.noise_shape
        sizes = tf.shape(inputs)
        given = enumerate(self.noise_shape)
        return tf.stack([sizes[axis] if size is None else size for axis, size in given])


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Any:
    """Calls a `Dropout` layer once; see there for the arguments."""
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)
