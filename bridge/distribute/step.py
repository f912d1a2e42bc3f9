"""A step that all replicas take together, and leave with the same values everywhere."""

from collections.abc import Callable, Mapping, Sequence
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

    def notices(self) -> list[str]:
        """What differs from one device, in sentences."""

    def shared(self) -> list[Shared]:
        """State that a step changes beside the trained weights and the optimizer's.

        How it is put together is known when the step has been traced.
        """

    def seeds(self) -> list[Any]:
        """States of its seed generators."""

    def sharing(self) -> Any:
        """A context in which its steps are those of replicas."""

    def taking(self, part: Part, ending: "Ending") -> Any:
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
        part = Part(self._replicas, batch, own_data=self._own_data)
        states = States(self._model.shared(), self._model.seeds(), self._replicas.replica)
        ending = Ending(self._model, part, states, self._replicas)
        states.begin()
        with self._model.taking(part, ending):
            loss, means = self._step(part)
            averages = ending.averages(means)
        self._names = list(means)
        loss = averages["loss"] if "loss" in means else ending.mean(loss)
        return loss, tf.stack([averages[name] for name in means])


class Ending:
    """Puts together what the replicas have made of a step, once: so that they talk once, too.

    Args:
        model: The model.
        part: The replica's.
        states: What they have changed.
        replicas: All of them.
    """

    def __init__(self, model: ModelPart, part: Part, states: States, replicas: Replicas) -> None:
        self._model, self._part, self._states, self._replicas = model, part, states, replicas
        self._averages: dict[str, tf.Tensor] | None = None

    def sums(self, values: Sequence[Any], means: Mapping[str, tf.Tensor]) -> list[Any]:
        """Sums of some values, and with them of all that the step has made but its update.

        Args:
            values: Tensors and `tf.IndexedSlices`, of the replica.
            means: Scalars by name; `averages` has theirs.
        """
        how = [one.how for one in self._model.shared()]
        changes, kept = self._states.changes(self._part, how)
        told = [self._part.kept(_short(one), weighted=True) for one in means.values()]
        told += [_short(one) for one in changes]
        sums = self._replicas.sum([*values, *told])
        averages = sums[len(values) : len(values) + len(means)]
        self._averages = dict(zip(means, averages, strict=True))
        self._states.settle(kept, sums[len(values) + len(means) :])
        return sums[: len(values)]

    def averages(self, means: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The means of scalars over all rows, by name."""
        if self._averages is None:
            self.sums([], means)
        assert self._averages is not None
        return self._averages

    def mean(self, value: tf.Tensor) -> tf.Tensor:
        """The mean of one more scalar."""
        (found,) = self._part.mean([tf.cast(value, tf.float32)])
        return found


def _short(value: tf.Tensor) -> tf.Tensor:
    """As it is sent: changes are small, and what they are added to keeps its digits."""
    return value if value.dtype == tf.int64 else tf.cast(value, tf.float32)
