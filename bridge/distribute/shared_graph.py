"""How several processes share the steps of one graph of a `model_fn`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.distribute.graph_collectives import GraphCollectives
from kerasrun.bridge.distribute.graph_gradients import GraphGradients, other_draws
from kerasrun.bridge.distribute.graph_losses import GraphLosses
from kerasrun.bridge.distribute.graph_rows import GraphRows
from kerasrun.bridge.distribute.local_values import LocalValues, needed_for, writers
from kerasrun.bridge.distribute.seeds import seed_offset
from kerasrun.bridge.distribute.states import MEAN, SUM
from kerasrun.bridge.model_fn.shared_variables import declared_variables


class SharedGraph:
    """See `kerasrun.bridge.model_fn.sharing.SharedTrace`.

    Gradients of variables and losses are put together where they are computed; what a step writes
    into other variables, and is of a process's own rows, at the end of the step: of floats the mean
    is taken, by rows; integers and what metrics add up (local variables) are added up.

    Args:
        graph: The graph.
        rank: This process's number.
        count: How many processes there are.
        device: Where they put things together.
        own_data: Whether each process reads data of its own.

    Attributes:
        losses: The mean, by rows, and the sum of the losses of the processes' rows.
    """

    losses: tuple[tf.Tensor, tf.Tensor]

    def __init__(self, graph: Any, rank: int, count: int, device: str, *, own_data: bool) -> None:
        self._graph, self._rank, self._count = graph, rank, count
        self._own_data = own_data
        self._collectives = GraphCollectives(rank, count, device)
        self._rows: Any = None
        self._known_losses: set[Any] = set()
        self._drawn: set[Any] = set()

    def own(self, features: Any, labels: Any) -> tuple[Any, Any]:
        """This process's rows of a batch."""
        where = self._collectives, self._rank, self._count
        self._rows = GraphRows(features, labels, *where, own_data=self._own_data)
        return self._rows.features, self._rows.labels

    @contextmanager
    def building(self) -> Iterator[None]:
        """Within it what the `model_fn` computes is of all rows, where it must be."""
        gradients = GraphGradients(self._graph, self._mean_gradients, self._local)
        losses = GraphLosses(self._rows.rows.share, self._rows.total)
        with gradients.shared(), losses.shared(), other_draws(self._other_seed):
            yield
        self._known_losses = losses.made

    def together(self, operations: Sequence[Any], loss: tf.Tensor) -> tf.Tensor:
        """The loss of all rows, once the operations have run.

        All that processes must compute at once is computed, whoever asks for it: summaries, too,
        which only the chief writes.

        Raises:
            ValueError: An optimizer updates by what is a process's own.
        """
        run = [*operations, *self._collectives.made]
        needed = needed_for([*run, loss.op])
        local = self._local(needed)
        if unshared := local.optimizes_with_own(needed):
            raise ValueError(
                f"The update {unshared[0]} depends on the rows of this process alone, by a tf.cond "
                "or a learning rate that is computed of the batch, so several processes cannot "
                "make it together. Let it depend on gradients and variables only, or train in one "
                "process."
            )
        declared = declared_variables(self._graph)
        names = [name for name in sorted(local.variables) if _can_be_added(declared.get(name))]
        ways = [self._way(declared[name], name) for name in names]
        before = self._read_before(needed, [declared[name] for name in names])
        with tf.control_dependencies(run):
            after = [_wide(declared[name].read_value()) for name in names]
            changes = [
                self._rows.kept(new - old, weighted=way == MEAN)
                for new, old, way in zip(after, before, ways, strict=True)
            ]
            mine = tf.cast(loss, tf.float64)
            weighing = [self._rows.kept(mine, weighted=way) for way in (True, False)]
            mean, total, *sums = self._collectives.sum([*weighing, *changes])
            self.losses = mean, total
        assigns = [
            declared[name].assign(tf.cast(old + change, declared[name].dtype), read_value=False)
            for name, old, change in zip(names, before, sums, strict=True)
        ]
        with tf.control_dependencies(assigns):
            return tf.cast(mean, loss.dtype)

    @property
    def own_tensors(self) -> list[tf.Tensor]:
        """This process's rows, in the order in which a batch is fed."""
        structure = self._rows.features, self._rows.labels
        leaves = tf.nest.flatten(structure, expand_composites=True)
        return [leaf for leaf in leaves if leaf is not None]

    def loss_is_unknown(self, loss: tf.Tensor) -> bool:
        """Whether nothing tells that a loss is put together as it should be.

        Where it is known beforehand how many rows there are, other numbers cannot be tried.
        """
        known = any(one.shape.rank and one.shape[0] is not None for one in self.own_tensors)
        needed = needed_for([loss.op])
        return not (known or self._own_data) and needed.isdisjoint(self._known_losses)

    def needs_all(self, elements: Sequence[Any]) -> bool:
        """Whether all processes must compute these at once."""
        operations = [one.op if isinstance(one, tf.Tensor) else one for one in elements]
        return not needed_for(operations).isdisjoint(self._collectives.made)

    def _local(self, among: set[Any]) -> LocalValues:
        return LocalValues(self._graph, self._collectives.alike, self._drawn, among)

    def _mean_gradients(self, gradients: Sequence[Any]) -> list[Any]:
        found = self._rows.mean(list(gradients))
        return [self._passing_back(*pair) for pair in zip(gradients, found, strict=True)]

    def _passing_back(self, own: Any, total: Any) -> Any:
        """The total; what is differentiated once more goes back to each process's own."""
        if isinstance(own, tf.IndexedSlices):
            return total

        @tf.custom_gradient
        def passed(_: tf.Tensor) -> Any:
            return tf.identity(total), lambda upstream: upstream

        found = passed(own)
        self._collectives.alike.add(found.op)
        return found

    def _other_seed(self, seed: tf.Tensor) -> tf.Tensor:
        if v1.get_default_graph() is not self._graph:
            return seed
        number = int(seed_offset(self._rank))
        drawn = seed + tf.cast([number, 0], seed.dtype)
        self._drawn.add(drawn.op)
        return drawn

    def _way(self, variable: Any, name: str) -> str:
        local = name in declared_variables(self._graph, v1.GraphKeys.LOCAL_VARIABLES)
        return MEAN if variable.dtype.is_floating and not local else SUM

    @staticmethod
    def _read_before(needed: set[Any], variables: Sequence[Any]) -> list[tf.Tensor]:
        """The values that variables have before anything changes them."""
        found, changing = [], writers(needed)
        for variable in variables:
            with tf.control_dependencies(None):
                read = variable.read_value()
            for operation in changing.get(variable.op.name, ()):
                operation._add_control_input(_operation_of(read, variable))
            found.append(_wide(read))
        return found


def _operation_of(read: tf.Tensor, variable: Any) -> Any:
    """What has read the variable: its value may have passed through an identity."""
    operation = read.op
    while operation.type != "ReadVariableOp":
        operation = operation.inputs[0].op
    assert operation.inputs[0].op.name == variable.op.name, "it is read directly"
    return operation


def _can_be_added(variable: Any) -> bool:
    if variable is None:
        return False
    return bool(variable.dtype.is_floating or (variable.dtype.is_integer))


def _wide(value: tf.Tensor) -> tf.Tensor:
    """As it is added up and sent."""
    return tf.cast(value, tf.int64 if value.dtype.is_integer else tf.float64)
