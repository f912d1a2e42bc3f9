"""A Keras model that was built in a strategy's scope, as if it had been built outside."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.distribute import values

from kerasrun.bridge.untracked_state import further_optimizers


def unwrap(model: keras.Model) -> None:
    """Gives a model its variables on the first device of this process, in place of mirrored ones.

    What several replicas need besides is made when they train. A model that was built outside is
    left as it is.
    """
    optimizers = _optimizers(model)
    listed = [*model.variables, *model.metrics_variables]
    for variable in [*listed, *(one for each in optimizers for one in each.variables)]:
        if isinstance(variable._value, values.DistributedVariable):
            first = variable._value.values[0]
            for one in (first, first.handle):
                if hasattr(one, "_distributed_container"):
                    del one._distributed_container
            variable._value = first
    for optimizer in optimizers:
        vars(optimizer)["_distribution_strategy"] = tf.distribute.get_strategy()


def _optimizers(model: keras.Model) -> list[Any]:
    if model.optimizer is None:
        return []
    outer = [model.optimizer, *(one for _, one in further_optimizers(model, model.optimizer))]
    return [*outer, *(one.inner_optimizer for one in outer if hasattr(one, "inner_optimizer"))]
