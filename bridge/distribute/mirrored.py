"""Copies of a model's variables on the other devices of this process.

The model's own variables stay where they are: on the first device, where everything else that is
done with a model finds them. While a step is traced, each stands for itself and its copies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.distribute import values

from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.keras_program import KerasProgram
from kerasrun.bridge.plain_variables import plain_variables
from kerasrun.bridge.untracked_state import further_optimizers, own_variables

_FIRST = tf.VariableAggregation.ONLY_FIRST_REPLICA
_SMALL_ELEMENTS = 2**16


class Mirrored:
    """The variables of a Keras model, on every device of this process.

    Args:
        program: The model.
        replicas: Who trains it.
    """

    def __init__(self, program: KerasProgram, replicas: Replicas) -> None:
        self._program, self._replicas = program, replicas
        self._mirrors: dict[int, Any] = {}
        self._stale = True

    @contextmanager
    def standing_in(self) -> Iterator[None]:
        """Within it, while a step is traced, the model's variables are those of each replica.

        Raises:
            ValueError: The model holds variables that Keras does not know.
        """
        if self._replicas.local_count == 1:
            yield
            return
        self._check_known()
        found = self._keras_variables()
        kept = [(one, one._value) for one in found]
        optimizers = self._optimizers()
        strategies = [(one, one._distribution_strategy) for one in optimizers]
        for one in optimizers:
            vars(one)["_distribution_strategy"] = self._replicas.strategy
            vars(one)["_all_reduce_sum_gradients"] = list  # they have been
        self._program.sparse_updates.off = True
        try:
            for one, value in kept:
                one._value = self._mirror(one, value)
            yield
        finally:
            self._program.sparse_updates.off = False
            for one, value in kept:
                one._value = value
            for one, strategy in strategies:
                vars(one)["_distribution_strategy"] = strategy
                del vars(one)["_all_reduce_sum_gradients"]

    def loaded(self) -> None:
        """The variables have been given other values."""
        self._stale = True

    def refresh(self) -> None:
        """Before a call of the loop: what was done to the variables is done to their copies.

        Large ones are left alone, unless a checkpoint has been loaded: nobody changes weights
        between two calls, but learning rates and metrics are.
        """
        for mirror in self._mirrors.values():
            first, *others = mirror.values
            if self._stale or (first.shape.num_elements() or 0) <= _SMALL_ELEMENTS:
                for other in others:
                    other.assign(first)
        self._stale = False

    def _mirror(self, variable: Any, first: Any) -> Any:
        if id(first) not in self._mirrors:
            copies = []
            with plain_variables():
                for device in self._devices()[1:]:
                    with tf.device(device):
                        copies.append(
                            tf.Variable(first.read_value(), trainable=first.trainable, name="copy")
                        )
            mirrored = bool(variable.trainable) or self._is_updated_together(variable)
            kind = values.MirroredVariable if mirrored else values.SyncOnReadVariable
            self._mirrors[id(first)] = kind(self._replicas.strategy, [first, *copies], _FIRST)
        return self._mirrors[id(first)]

    def _devices(self) -> tuple[str, ...]:
        devices: tuple[str, ...] = self._replicas.strategy.extended.worker_devices
        return devices

    def _optimizers(self) -> list[Any]:
        first = self._program.model.optimizer
        outer = [first, *(one for _, one in further_optimizers(self._program.model, first))]
        inner = [one.inner_optimizer for one in outer if hasattr(one, "inner_optimizer")]
        return [*outer, *inner]

    def _is_updated_together(self, variable: Any) -> bool:
        """Whether it is an optimizer's; a loss scale is found by each replica for itself."""
        scales = [
            scale
            for one in self._optimizers()
            if isinstance(one, keras.optimizers.LossScaleOptimizer)
            for scale in (one.step_counter, one.dynamic_scale)
        ]
        if any(variable is one for one in scales):
            return False
        return any(variable is one for each in self._optimizers() for one in each.variables)

    def _keras_variables(self) -> list[keras.Variable]:
        model = self._program.model
        listed = [*model.variables, *model.metrics_variables]
        listed += [one for each in self._optimizers() for one in each.variables]
        return list({id(one): one for one in listed}.values())

    def _check_known(self) -> None:
        for name, _ in own_variables(self._program.model):
            raise ValueError(
                f"{name} is a tf.Variable that Keras does not know, so it cannot be kept alike on "
                "several devices in one process. Make it with add_weight or keras.Variable, or "
                "start one process for each device (mlrun train --workers "
                f"{self._replicas.local_count})."
            )
