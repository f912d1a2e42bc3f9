"""State that a step changes beside the weights: statistics, metrics, states of random numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.distribute.part import Part
from kerasrun.bridge.distribute.seeds import seed_offset

MEAN, SUM = "mean", "sum"
_READS = {"ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VarIsInitializedOp"}


class Shared(NamedTuple):
    """A variable, and how what the replicas make of it is put together.

    `mean`: the mean of the changes, by rows; `sum`: the sum of the changes.
    """

    variable: Any
    how: str


class States:
    """Such variables of a step that is about to be traced.

    Args:
        shared: The variables.
        seeds: States of seed generators, `[2]`, of unsigned integers.
        replica: The number of the replica that is traced.
    """

    def __init__(self, shared: Sequence[Shared], seeds: Sequence[Any], replica: Any) -> None:
        self._variables = [one.variable for one in shared]
        self._seeds, self._replica = seeds, replica
        self._before = [tf.identity(one) for one in self._variables]

    def begin(self) -> None:
        """Before the step: each replica shall draw random numbers of its own."""
        for seed in self._seeds:
            seed.assign(tf.identity(seed) + self._offset(seed))

    def changes(
        self, part: Part, how: Sequence[str]
    ) -> tuple[list[tf.Tensor], list[tuple[Any, tf.Tensor]]]:
        """After the step: what is to be summed up over the replicas.

        Args:
            part: The replica's.
            how: For each variable, how it is put together.

        Returns:
            The changes, each weighted; and for each the variable and what it was.
        """
        for seed in self._seeds:
            seed.assign(tf.identity(seed) - self._offset(seed))
        told, kept = [], []
        for variable, before, way in zip(self._variables, self._before, how, strict=True):
            if _is_seed(variable, self._seeds) or not _may_be_changed(variable):
                continue
            if way == MEAN and not before.dtype.is_floating:
                continue  # counted alike everywhere
            change = _wide(tf.identity(variable)) - _wide(before)
            told.append(part.kept(change, weighted=way == MEAN))
            kept.append((variable, before))
        return told, kept

    @staticmethod
    def settle(kept: Sequence[tuple[Any, tf.Tensor]], sums: Sequence[tf.Tensor]) -> None:
        """Gives the variables what all replicas made of them."""
        for (variable, before), change in zip(kept, sums, strict=True):
            wide = _wide(before)
            variable.assign(tf.cast(wide + tf.cast(change, wide.dtype), before.dtype))

    def _offset(self, seed: Any) -> tf.Tensor:
        number = seed_offset(tf.cast(self._replica, tf.int64))
        return tf.cast(tf.stack([number, tf.zeros_like(number)]), seed.dtype)


def _wide(value: tf.Tensor) -> tf.Tensor:
    """As it is added up and sent."""
    if value.dtype.is_integer or value.dtype.is_bool:
        return tf.cast(value, tf.int64)
    return tf.cast(value, tf.float64)


def _is_seed(variable: Any, seeds: Sequence[Any]) -> bool:
    return any(variable is seed for seed in seeds)


def _may_be_changed(variable: Any) -> bool:
    """Whether the graph that is being traced does more with a variable than read it."""
    handle = tf.compat.v1.get_default_graph().capture(variable.handle)
    return any(operation.type not in _READS for operation in handle.consumers())
