"""A `model_fn` that the processes of a cluster train together."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.agreement import Agreement
from kerasrun.bridge.distribute.graph_collectives import GraphCollectives
from kerasrun.bridge.distribute.loss_check import LossCheck
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.seeds import seed_offset
from kerasrun.bridge.distribute.shared_graph import SharedGraph
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.program import ModelFnProgram
from kerasrun.bridge.model_fn.trace import Trace

# Called, not copied into the loop: TensorFlow tells operations of one turn of a loop from those of
# the next, but a process whose step a hook watches has no loop.
_CALLED = {"_noinline": True}


class SharedModelFn:
    """One program's steps, and what it is told: see `kerasrun.bridge.model_fn.sharing.Sharing`.

    Args:
        program: The program.
        replicas: The processes.
        agreement: Looks whether they read the same data.
        own_data: Whether each process reads data of its own.

    Raises:
        ValueError: Several of the replicas are in this process.
    """

    def __init__(
        self, program: ModelFnProgram, replicas: Replicas, agreement: Agreement, *, own_data: bool
    ) -> None:
        if replicas.local_count > 1:
            raise ValueError(
                "An Estimator of a model_fn trains on one device in each process: start one "
                f"process for each (mlrun train --workers {replicas.count}, or TF_CONFIG) and "
                "leave train_distribute out."
            )
        self._program, self._replicas, self._agreement = program, replicas, agreement
        self._own_data = own_data
        self._checks: list[LossCheck] = []
        device = tf.DeviceSpec.from_string(replicas.strategy.extended.worker_devices[0])
        self._device = f"/device:{device.device_type}:0"
        self._called = tf.function(
            program.train_step, autograph=False, experimental_attributes=_CALLED
        )
        self._there = tf.function(
            self._count_there, autograph=False, experimental_attributes=_CALLED
        )

    def step(self, batch: Example) -> tf.Tensor:
        """Takes a batch, returns the loss over all of its rows; in a graph that is traced."""
        self._agreement.read(batch, self._program.global_step)
        loss: tf.Tensor = self._called(batch)
        return loss

    def notices(self) -> list[str]:
        """What differs from one device: nothing that must be said."""
        return []

    def state(self) -> dict[str, tf.Variable]:
        """All that processes must begin with alike."""
        return self._program.training_state()

    def prepare(self) -> None:
        """A training is about to begin: the graphs that it builds are shared like this."""
        self._program.sharing = self

    def have_data(self, there: tf.Tensor) -> tf.Tensor:
        """Whether all processes have a batch, if this one has."""
        with self._replicas.translated():
            found: tf.Tensor = self._there(there)
            return found

    def loaded(self) -> None:
        """Nothing follows from the variables."""

    def refresh(self) -> None:
        """Nothing is copied."""

    def of_graph(self, graph: Any) -> SharedGraph:
        """For a graph in which nothing has been made yet."""
        where = self._replicas.rank, self._replicas.count, self._device
        return SharedGraph(graph, *where, own_data=self._own_data)

    def seed(self, seed: int | None) -> int:
        """Of the graph's random numbers: those of other processes are others."""
        if seed is None:
            return random.SystemRandom().randrange(2**31)
        return (seed + int(seed_offset(self._replicas.rank))) % 2**31

    def hooks(self, trace: Trace) -> Sequence[Any]:
        """Those that a training of this graph calls beside the user's."""
        assert isinstance(trace.shared, SharedGraph), "it is shared by `of_graph`"
        self._checks = [LossCheck(trace, trace.shared)]
        of_chief = trace.spec.training_chief_hooks if self._replicas.is_chief else ()
        return (*self._checks, *trace.spec.training_hooks, *of_chief)

    @contextmanager
    def watched(self, batch: Example) -> Iterator[None]:
        """A context for a step that a hook watches, on this batch."""
        with self._replicas.translated():
            self._agreement.read(batch, self._program.global_step)
            for check in self._checks:
                check.look_at(batch)
            yield

    def _count_there(self, there: tf.Tensor) -> tf.Tensor:
        collectives = GraphCollectives(self._replicas.rank, self._replicas.count, self._device)
        (found,) = collectives.sum([tf.cast(there, tf.int64)])
        return tf.equal(found, self._replicas.count)
