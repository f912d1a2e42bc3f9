"""A training step that all replicas take together, and leave with the same values everywhere."""

from typing import Any, Protocol

import tensorflow as tf

from kerasrun.bridge.distribute.agreement import Agreement
from kerasrun.bridge.distribute.part import Part
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.states import Shared, States
from kerasrun.bridge.input_pipeline import Example


class ModelPart(Protocol):
    """What is to be known of a kind of model, to share its steps."""

    def shared(self) -> list[Shared]:
        """State that a step changes beside the trained weights and the optimizer's.

        How it is put together is known when the step has been traced.
        """

    def seeds(self) -> list[Any]:
        """States of its seed generators."""

    def sharing(self) -> Any:
        """A context in which its steps are those of replicas."""

    def taking(self, part: Part) -> Any:
        """A context in which this thread takes the replica's part of a step."""

    def train_step(self, part: Part) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """A replica's update, by the gradients of all.

        Returns:
            The replica's loss, and other scalars by name that are averaged over batches.
        """

    def loaded(self) -> None:
        """Its variables have been given other values."""

    def refresh(self) -> None:
        """Called before each call of the loop."""

    def add_means(self, means: dict[str, tf.Tensor]) -> None:
        """Adds the scalars of a batch to those that are averaged over batches."""


class SharedStep:
    """Takes a batch, returns the loss over all of its rows: as `Program.train_step`.

    Args:
        model: The model.
        replicas: Who trains it.
        agreement: What they agree on beside.
        global_step: The steps that have been taken.
        own_data: Whether each process reads data of its own.
    """

    def __init__(
        self,
        model: ModelPart,
        replicas: Replicas,
        agreement: Agreement,
        global_step: tf.Variable,
        *,
        own_data: bool,
    ) -> None:
        self._model, self._replicas, self._agreement = model, replicas, agreement
        self._global_step, self._own_data = global_step, own_data
        self._names: list[str] = []

    def __call__(self, batch: Example) -> tf.Tensor:
        """Called while a `tf.function` is traced."""
        with self._model.sharing():
            loss, told, means = self._replicas.run(self._of_a_replica, batch)
        self._agreement.heard(told)
        self._model.add_means(dict(zip(self._names, tf.unstack(means), strict=True)))
        return loss

    def _of_a_replica(self, batch: Example) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        model, replicas = self._model, self._replicas
        part = Part(replicas, batch, own_data=self._own_data)
        states = States(model.shared(), model.seeds(), replicas.replica)
        states.begin()
        with model.taking(part):
            loss, means = model.train_step(part)
            changes, kept = states.changes(part, [one.how for one in model.shared()])
        self._names = list(means)
        averages = [part.kept(tf.cast(v, tf.float64), weighted=True) for v in means.values()]
        told = self._agreement.told(batch, self._global_step)
        loss = part.kept(tf.cast(loss, tf.float64), weighted=True)
        loss, heard, *sums = replicas.sum([loss, *told, *averages, *changes])
        states.settle(kept, sums[len(averages) :])
        return tf.cast(loss, tf.float32), heard, tf.stack(sums[: len(averages)])
