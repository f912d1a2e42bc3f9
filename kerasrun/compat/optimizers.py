"""Optimizers of TensorFlow 1 that are given to `compile`: Keras 3 refuses them."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow.compat.v1 as v1


def keras_optimizer(optimizer: Any) -> Any:
    """Returns the Keras optimizer that does what one of TensorFlow 1 does; others as they are.

    Args:
        optimizer: Anything that `compile` takes, or a `tf.compat.v1.train.Optimizer`.

    Raises:
        ValueError: It is of a class that Keras has no counterpart of, or its learning rate is a
            tensor.
    """
    if not isinstance(optimizer, v1.train.Optimizer):
        return optimizer
    for kind, make in _MAKERS:
        if type(optimizer) is kind:
            return make(optimizer)
    raise ValueError(
        f"{type(optimizer).__name__} has no counterpart in Keras 3: give compile one of "
        "keras.optimizers."
    )


def compiling_with_v1(compile_model: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `keras.Model.compile` such that it takes optimizers of TensorFlow 1, too."""

    @functools.wraps(compile_model)
    def compiled(self: Any, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> Any:
        return compile_model(self, keras_optimizer(optimizer), *args, **kwargs)

    return compiled


def _number(value: Any) -> Any:
    value = value() if callable(value) else value
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value)
    except TypeError:
        raise ValueError(
            f"An optimizer of TensorFlow 1 that is given to compile needs numbers; found {value!r}."
            " Use a keras.optimizers.schedules.LearningRateSchedule."
        ) from None


def _adam(given: Any) -> Any:
    return keras.optimizers.Adam(
        _number(given._lr),
        beta_1=_number(given._beta1),
        beta_2=_number(given._beta2),
        epsilon=_number(given._epsilon),
    )


def _rms_prop(given: Any) -> Any:
    return keras.optimizers.RMSprop(
        _number(given._learning_rate),
        rho=_number(given._decay),
        momentum=_number(given._momentum),
        epsilon=_number(given._epsilon),
        centered=given._centered,
    )


def _gradient_descent(given: Any) -> Any:
    return keras.optimizers.SGD(_number(given._learning_rate))


def _momentum(given: Any) -> Any:
    # There the rate is multiplied in when the weight changes, here when the momentum does.
    return keras.optimizers.SGD(
        _number(given._learning_rate), _number(given._momentum), nesterov=given._use_nesterov
    )


def _adagrad(given: Any) -> Any:
    return keras.optimizers.Adagrad(
        _number(given._learning_rate),
        initial_accumulator_value=_number(given._initial_accumulator_value),
    )


def _adadelta(given: Any) -> Any:
    return keras.optimizers.Adadelta(
        _number(given._lr), rho=_number(given._rho), epsilon=_number(given._epsilon)
    )


def _ftrl(given: Any) -> Any:
    return keras.optimizers.Ftrl(
        _number(given._learning_rate),
        learning_rate_power=_number(given._learning_rate_power),
        initial_accumulator_value=_number(given._initial_accumulator_value),
        l1_regularization_strength=_number(given._l1_regularization_strength),
        l2_regularization_strength=_number(given._l2_regularization_strength),
    )


_MAKERS = (
    (v1.train.AdamOptimizer, _adam),
    (v1.train.RMSPropOptimizer, _rms_prop),
    (v1.train.GradientDescentOptimizer, _gradient_descent),
    (v1.train.MomentumOptimizer, _momentum),
    (v1.train.AdagradOptimizer, _adagrad),
    (v1.train.AdadeltaOptimizer, _adadelta),
    (v1.train.FtrlOptimizer, _ftrl),
)
