"""The replicas of a model that train together, and what they tell each other.

A step is run by `tf.distribute.Strategy.run` on every replica at once. All of them end it with the
same values in all variables: so any of them can save, evaluate or go on from a checkpoint, and
the number of replicas may be another the next time.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.cluster import Member
from kerasrun.bridge.distribute.lost_workers import translated
from kerasrun.bridge.distribute.open_shapes import OpenShapes

_LOGGER = logging.getLogger("tensorflow")
_SUM = tf.distribute.ReduceOp.SUM
_PACKED_ELEMENTS = 2**16  # smaller tensors travel together


class Replicas:
    """Those of one `tf.distribute.Strategy`.

    Args:
        strategy: Mirrored, or MultiWorkerMirrored.
        member: This process's place in a cluster; None: there is no cluster.

    Attributes:
        strategy: See above.
        count: How many replicas there are in all.
        local_count: How many of them are in this process.
        rank: This process's number; 0 is the chief.
        names: The processes' names.
    """

    def __init__(self, strategy: Any, member: Member | None = None) -> None:
        self.strategy = strategy
        self.member = member
        self.count = int(strategy.num_replicas_in_sync)
        self.rank = member.rank if member is not None else 0
        self.names = member.names if member is not None else ["this process"]
        self.local_count = self.count // len(self.names)
        self._open_shapes = OpenShapes(
            strategy, self.count, several_processes=self.several_processes
        )
        # Traced once, or once for each structure.
        self._chiefs = tf.function(self._sent, autograph=False)
        self._total = tf.function(self.added, autograph=False)
        self._told = tf.function(lambda one: self.run(self._placed, one), autograph=False)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    @property
    def several_processes(self) -> bool:
        """Whether there is anybody else."""
        return len(self.names) > 1

    def run(self, step: Callable[[Any], tf.Tensor], batch: Any) -> tf.Tensor:
        """Runs `step` on every replica; returns what the first of this process returns."""
        results = self.strategy.run(step, (batch,))
        return self.strategy.experimental_local_results(results)[0]

    def added(self, value: tf.Tensor) -> tf.Tensor:
        """The sum of a tensor over the replicas, each of which is given the same here."""
        return self.run(lambda one: self.sum([one])[0], value)

    @property
    def replica(self) -> Any:
        """Within a step: the number of the replica, of all."""
        return tf.distribute.get_replica_context().replica_id_in_sync_group

    def sum(self, tensors: Sequence[Any]) -> list[Any]:
        """Within a step: the sums over all replicas of tensors and `tf.IndexedSlices`.

        All replicas must ask for the same at the same place.
        """
        found: dict[int, Any] = {}
        small: dict[tf.DType, list[int]] = {}
        for index, tensor in enumerate(tensors):
            if isinstance(tensor, tf.IndexedSlices):
                found[index] = self._gathered(tensor)
            elif not tensor.shape.is_fully_defined():
                found[index] = self._open_shapes.sum(tensor)
            elif tensor.shape.num_elements() > _PACKED_ELEMENTS:
                found[index] = _all_reduced(tensor)
            else:
                small.setdefault(tensor.dtype, []).append(index)
        for indices in small.values():
            given = [tensors[i] for i in indices]
            found |= zip(indices, _unpacked(_all_reduced(_packed(given)), given), strict=True)
        return [found[index] for index in range(len(tensors))]

    def begin_step(self) -> None:
        """A replica's step is about to be traced."""
        self._open_shapes.begin_step()

    def from_chief(self, values: Sequence[Any]) -> list[tf.Tensor]:
        """The values that the first replica has of numeric tensors; called by all processes."""
        given = [tf.convert_to_tensor(value) for value in values]
        with self.translated():
            found = self._chiefs([_sendable(one) for one in given])
            return [tf.cast(one, like.dtype) for one, like in zip(found, given, strict=True)]

    def total(self, value: float) -> float:
        """The sum of a number over the processes; called by all."""
        if not self.several_processes:
            return value
        with self.translated():
            found = self._total(tf.constant(value, tf.float64))
            return float(found) / self.local_count

    def told_by_all(self, numbers: Sequence[float]) -> list[list[float]]:
        """What each replica's process tells, the chief's first; called by all."""
        with self.translated():
            found = self._told(tf.constant(numbers, tf.float64))
            rows: list[list[float]] = found.numpy().tolist()
            return rows

    def share_variables(self, variables: Mapping[str, tf.Variable]) -> None:
        """Gives every process the values that the chief has."""
        if not self.several_processes:
            return
        sent = [variables[name] for name in sorted(variables)]
        for variable, value in zip(sent, self.from_chief(sent), strict=True):
            variable.assign(value)

    def wait_for_all(self) -> None:
        """Returns when every process has come here."""
        self.total(0.0)

    def translated(self) -> Any:
        """A context: the loss of another process is raised as a `WorkerLostError`."""
        return translated(self.member)

    @property
    def input_context(self) -> tf.distribute.InputContext:
        """What an `input_fn` is told that reads data for this process alone."""
        return tf.distribute.InputContext(len(self.names), self.rank, self.count)

    def seed_of(self, seed: int | None) -> int | None:
        """Of the input's random numbers: all processes must draw the same."""
        return 0 if seed is None and self.several_processes else seed

    def _gathered(self, slices: tf.IndexedSlices) -> tf.IndexedSlices:
        number = tf.cast(self.replica, tf.int32)
        rows = tf.cast(tf.shape(slices.indices)[0], tf.int64)
        counts = _all_reduced(tf.one_hot(number, self.count, on_value=rows))
        return self._open_shapes.gathered(slices, tf.cast(counts, tf.int32), number)

    def _placed(self, row: tf.Tensor) -> tf.Tensor:
        """All replicas' rows, of one a replica."""
        here = tf.one_hot(self.replica, self.count, dtype=row.dtype)
        (rows,) = self.sum([here[:, tf.newaxis] * row])
        return rows

    def _sent(self, values: list[tf.Tensor]) -> list[tf.Tensor]:
        def step() -> list[tf.Tensor]:
            first = tf.equal(self.replica, 0)
            return self.sum([tf.where(first, one, tf.zeros_like(one)) for one in values])

        results: list[tf.Tensor] = self.strategy.run(step)
        return [self.strategy.experimental_local_results(one)[0] for one in results]


def _all_reduced(tensor: tf.Tensor) -> tf.Tensor:
    # Not the variable itself, nor what another replica may change.
    (found,) = tf.distribute.get_replica_context().all_reduce(_SUM, [tf.identity(tensor)])
    return found


def _packed(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    return tf.concat([tf.reshape(one, [-1]) for one in tensors], axis=0)


def _unpacked(pack: tf.Tensor, like: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    parts = tf.split(pack, [one.shape.num_elements() for one in like])
    return [tf.reshape(part, one.shape) for part, one in zip(parts, like, strict=True)]


def _sendable(tensor: tf.Tensor) -> tf.Tensor:
    """Collectives know no small integers, and no truth values."""
    if tensor.dtype.is_bool or tensor.dtype.is_integer:
        return tf.cast(tensor, tf.int64)
    return tensor if tensor.dtype in (tf.float32, tf.float64) else tf.cast(tensor, tf.float32)
