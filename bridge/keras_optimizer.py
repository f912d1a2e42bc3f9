"""What the bridge asks of a Keras optimizer beside its updates."""

import weakref

import keras

_taken: weakref.WeakSet[keras.optimizers.Optimizer] = weakref.WeakSet()


def unused(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns the optimizer, or a fresh one of its configuration where it is not to be had.

    That is where it has been used, or was returned before: two trainings must not share its state.
    """
    if optimizer.built or optimizer in _taken:
        return type(optimizer).from_config(optimizer.get_config())
    _taken.add(optimizer)
    return optimizer


def keeps_averages(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether it keeps moving averages of the weights (`use_ema`)."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return bool(getattr(inner, "use_ema", False))
