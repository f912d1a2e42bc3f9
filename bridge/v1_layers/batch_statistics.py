"""How a batch is normalized: in plain operations, or, of images, in one fused operation."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.channels import channels_first, channels_last
from kerasrun.bridge.v1_layers.training_switch import switch


@dataclass(frozen=True)
class Normalization:
    """What a batch is normalized with; gamma and beta are None where there are none."""

    gamma: Any
    beta: Any
    moving_mean: Any
    moving_variance: Any
    shape: list[int]
    axes: list[int]
    epsilon: float


def plain(
    inputs: tf.Tensor, how: Normalization, training: Any
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the normalized input, and the mean and variance that it was normalized by."""
    dtype = how.moving_mean.dtype
    others = [axis for axis in range(inputs.shape.rank) if axis not in how.axes]
    values = tf.cast(inputs, dtype)
    mean, variance = switch(
        training,
        lambda: tf.nn.moments(values, others, keepdims=len(how.axes) > 1),
        lambda: (tf.convert_to_tensor(how.moving_mean), tf.convert_to_tensor(how.moving_variance)),
    )
    shape = [inputs.shape[axis] if axis in how.axes else 1 for axis in range(inputs.shape.rank)]

    def spread(value: Any) -> Any:
        return None if value is None else tf.reshape(value, shape)

    outputs = tf.nn.batch_normalization(
        values, spread(mean), spread(variance), spread(how.beta), spread(how.gamma), how.epsilon
    )
    return tf.cast(outputs, inputs.dtype), mean, variance


def fused(
    inputs: tf.Tensor, how: Normalization, training: Any
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The same of images of any floating-point dtype up to 32 bits; the variance is unbiased."""
    first = how.axes == [1]
    images = channels_last(inputs) if first else inputs
    dtype = how.moving_mean.dtype
    gamma = tf.ones(how.shape, dtype) if how.gamma is None else tf.convert_to_tensor(how.gamma)
    beta = tf.zeros(how.shape, dtype) if how.beta is None else tf.convert_to_tensor(how.beta)
    volume = inputs.shape.rank == 5

    def normalized(is_training: bool) -> Any:
        averages = (
            {}
            if is_training
            else {
                "mean": tf.convert_to_tensor(how.moving_mean),
                "variance": tf.convert_to_tensor(how.moving_variance),
            }
        )
        return v1.nn.fused_batch_norm(
            images,
            gamma,
            beta,
            epsilon=how.epsilon,
            data_format="NDHWC" if volume else "NHWC",
            is_training=is_training,
            **averages,
        )

    outputs, mean, variance = switch(training, lambda: normalized(True), lambda: normalized(False))
    return (channels_first(outputs) if first else outputs), mean, variance
