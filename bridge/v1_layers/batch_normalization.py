"""The layer that normalizes each channel over the batch, and keeps moving averages to predict."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.batch_statistics import Normalization, fused, plain
from kerasrun.bridge.v1_layers.input_checks import check_floating, known_dimension
from kerasrun.bridge.v1_layers.layer import Layer
from kerasrun.bridge.v1_layers.training_switch import as_condition, known

_ZEROS, _ONES = v1.zeros_initializer(), v1.ones_initializer()
_HALF = (tf.float16, tf.bfloat16)


class BatchNormalization(Layer):
    """`(inputs - mean) / sqrt(variance + epsilon) * gamma + beta`, of each channel.

    While it trains, mean and variance are those of the batch, and what moves the averages is in
    `tf.GraphKeys.UPDATE_OPS`: the train operation must depend on it. Otherwise they are the moving
    averages. See `tf.compat.v1.layers.BatchNormalization`. The variables are `gamma`, `beta`,
    `moving_mean` and `moving_variance`. As there, the moving variance of images, of rank 4 and 5,
    is of the unbiased variances, unless `fused=False`.

    Args:
        axis: Of the channels; with several, each of their combinations is normalized by itself.
        momentum: Of the moving averages.
        epsilon: Added to the variance.
        center: Whether there is a `beta`.
        scale: Whether there is a `gamma`.
        beta_initializer: Of beta.
        gamma_initializer: Of gamma.
        moving_mean_initializer: Of the moving mean.
        moving_variance_initializer: Of the moving variance.
        beta_regularizer: Takes beta and returns a loss.
        gamma_regularizer: Takes gamma and returns a loss.
        beta_constraint: Takes the updated beta and returns the one to keep.
        gamma_constraint: The same of gamma.
        renorm: Not supported.
        renorm_clipping: Not supported.
        renorm_momentum: Of no effect.
        fused: Whether images are normalized by one fused operation; None and True where it can be.
        trainable: Whether optimizers find `gamma` and `beta`; where not, there are no updates.
        virtual_batch_size: Not supported.
        adjustment: Not supported.
        name: Of the variable scope.
        **kwargs: `dtype`.

    Raises:
        ValueError: `renorm`, `virtual_batch_size` or `adjustment` is given; an axis is not there or
            its size not known.
    """

    takes_one_tensor = True
    gamma: Any = None
    beta: Any = None

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        momentum: Any = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = _ZEROS,
        gamma_initializer: Any = _ONES,
        moving_mean_initializer: Any = _ZEROS,
        moving_variance_initializer: Any = _ONES,
        beta_regularizer: Callable[[Any], Any] | None = None,
        gamma_regularizer: Callable[[Any], Any] | None = None,
        beta_constraint: Callable[[Any], Any] | None = None,
        gamma_constraint: Callable[[Any], Any] | None = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, **kwargs)
        for argument, given in (
            ("renorm", renorm),
            ("virtual_batch_size", virtual_batch_size),
            ("adjustment", adjustment),
        ):
            if given:
                raise ValueError(
                    f"BatchNormalization does not support {argument}; got {given!r}. Leave it out."
                )
        self.axis = [axis] if isinstance(axis, int) else list(axis)
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        self.fused = fused
        self._beta = (beta_initializer, beta_regularizer, beta_constraint)
        self._gamma = (gamma_initializer, gamma_regularizer, gamma_constraint)
        self._moving = (moving_mean_initializer, moving_variance_initializer)

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes gamma, beta and the moving averages."""
        check_floating(self.dtype, self.name)
        rank = input_shape.rank
        if rank is None or any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"The layer {self.name!r} normalizes the axis {self.axis} of its input; got the "
                f"shape {input_shape}."
            )
        self.axis = [axis % rank for axis in self.axis]
        channels = {axis: known_dimension(input_shape, axis, self.name) for axis in self.axis}
        shape = [channels.get(axis, 1) for axis in range(rank)]
        shape = list(channels.values()) if len(channels) == 1 else shape
        dtype = tf.float32 if self.dtype in _HALF else self.dtype
        if self.scale:
            self.gamma = self._weight("gamma", shape, dtype, self._gamma)
        if self.center:
            self.beta = self._weight("beta", shape, dtype, self._beta)
        self.moving_mean, self.moving_variance = (
            self.add_weight(
                name,
                shape,
                dtype,
                initializer,
                trainable=False,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.MEAN,
            )
            for name, initializer in zip(
                ("moving_mean", "moving_variance"), self._moving, strict=True
            )
        )
        self._shape, self._fused = shape, self._can_be_fused(rank)

    def call(self, inputs: tf.Tensor, training: Any = False, mask: Any = None) -> tf.Tensor:
        """Returns the normalized input, by its own statistics where `training`."""
        weights = Normalization(
            *(self.gamma, self.beta, self.moving_mean, self.moving_variance),
            *(self._shape, self.axis, float(self.epsilon)),
        )
        compute = fused if self._fused else plain
        outputs, mean, variance = compute(tf.cast(inputs, self.dtype), weights, training)
        outputs.set_shape(inputs.shape)
        if known(training) is not False:
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                self.add_update(self._moved(average, value, training))
        return outputs

    def _weight(self, name: str, shape: Any, dtype: Any, how: tuple[Any, Any, Any]) -> Any:
        initializer, regularizer, constraint = how
        return self.add_weight(
            name, shape, dtype, initializer, regularizer=regularizer, constraint=constraint
        )

    def _can_be_fused(self, rank: int) -> bool:
        channels = len(self.axis) == 1 and self.axis[0] in (1, rank - 1)
        exact = self.dtype is None or self.dtype in (*_HALF, tf.float32)
        return self.fused is not False and rank in (4, 5) and channels and exact

    def _moved(self, average: Any, value: tf.Tensor, training: Any) -> Any:
        rest = 1.0 - tf.cast(self.momentum, average.dtype)
        if known(training) is None:
            rest = tf.where(as_condition(training), rest, tf.zeros_like(rest))
        change = (average - tf.cast(value, average.dtype)) * rest
        return average.assign_sub(change, name="AssignMovingAvg")


def batch_normalization(
    inputs: Any,
    axis: int | Sequence[int] = -1,
    momentum: Any = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = _ZEROS,
    gamma_initializer: Any = _ONES,
    moving_mean_initializer: Any = _ZEROS,
    moving_variance_initializer: Any = _ONES,
    beta_regularizer: Callable[[Any], Any] | None = None,
    gamma_regularizer: Callable[[Any], Any] | None = None,
    beta_constraint: Callable[[Any], Any] | None = None,
    gamma_constraint: Callable[[Any], Any] | None = None,
    training: Any = False,
    trainable: bool = True,
    name: Any = None,
    reuse: bool | None = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Any:
    """Calls a `BatchNormalization` layer once; see there for the arguments."""
    layer = BatchNormalization(
        *(axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer),
        *(moving_mean_initializer, moving_variance_initializer),
        *(beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint),
        renorm=renorm,
        renorm_clipping=renorm_clipping,
        renorm_momentum=renorm_momentum,
        fused=fused,
        trainable=trainable,
        virtual_batch_size=virtual_batch_size,
        adjustment=adjustment,
        name=name,
        _reuse=reuse,
        _scope=name,
    )
    return layer(inputs, training=training)
