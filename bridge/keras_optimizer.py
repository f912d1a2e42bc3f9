"""What the bridge asks of a Keras optimizer beside its updates."""

import keras


def unused(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns the optimizer, or a fresh one of its configuration where it has been used."""
    if not optimizer.built:
        return optimizer
    return type(optimizer).from_config(optimizer.get_config())


def keeps_averages(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether it keeps moving averages of the weights (`use_ema`)."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return bool(getattr(inner, "use_ema", False))
