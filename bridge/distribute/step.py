"""A step that all replicas take together, and leave with the same values everywhere."""

from collections.abc import Callable
from typing import Any, Protocol

import tensorflow as tf

from kerasrun.bridge.distribute.agreement import Agreement
from kerasrun.bridge.distribute.part import Part
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.states import Shared, States
from kerasrun.bridge.input_pipeline import Example


class ModelPart(Protocol):
    """What is to be known of a kind of model, to share its steps."""

    def prepare(self) -> None:
        """Called before the model is built for a training."""

    def state(self) -> dict[str, tf.Variable]:
        """All that replicas must begin with alike, by name."""

    def have_data(self, there: tf.Tensor) -> tf.Tensor:
        """In a graph: whether all processes have a batch, if this one has."""

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

    def eval_step(self, part: Part) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """A replica's part of a batch of an evaluation; answers as `train_step` does."""

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
        step: Which of its steps.
        replicas: Who takes it.
        agreement: Told what is read, where the processes must read the same.
        global_step: The steps that have been taken.
        own_data: Whether each process reads data of its own.
    """

    def __init__(
        self,
        model: ModelPart,
        step: Callable[[Part], tuple[tf.Tensor, dict[str, tf.Tensor]]],
        replicas: Replicas,
        agreement: Agreement | None,
        global_step: tf.Variable,
        *,
        own_data: bool,
    ) -> None:
        self._model, self._step, self._replicas = model, step, replicas
        self._agreement, self._global_step = agreement, global_step
        self._own_data = own_data
        self._names: list[str] = []

    def __call__(self, batch: Example) -> tf.Tensor:
        """Called while a `tf.function` is traced."""
        with self._model.sharing():
            loss, means = self._replicas.run(self._of_a_replica, batch)
        if self._agreement is not None:
            self._agreement.read(batch, self._global_step)
        self._model.add_means(dict(zip(self._names, tf.unstack(means), strict=True)))
        return loss

    def _of_a_replica(self, batch: Example) -> tuple[tf.Tensor, tf.Tensor]:
        model, replicas = self._model, self._replicas
        part = Part(replicas, batch, own_data=self._own_data)
        states = States(model.shared(), model.seeds(), replicas.replica)
        states.begin()
        with model.taking(part):
            loss, means = self._step(part)
            changes, kept = states.changes(part, [one.how for one in model.shared()])
        self._names = list(means)
        averages = [part.kept(tf.cast(v, tf.float64), weighted=True) for v in means.values()]
        loss = part.kept(tf.cast(loss, tf.float64), weighted=True)
        loss, *sums = replicas.sum([loss, *averages, *changes])
        states.settle(kept, sums[len(averages) :])
        return tf.cast(loss, tf.float32), tf.stack(sums[: len(averages)])
