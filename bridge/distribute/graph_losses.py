"""Losses of `tf.losses` and of the heads are those of all rows, not only of a process's own.

A process computes a loss such that the mean over the processes, each counting by its rows, is what
one device would compute of all rows.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1
from tensorflow.python.ops.losses import losses_impl, util

from kerasrun.bridge.canned.loss_reduction import of_whole_batches
from kerasrun.bridge.distribute.graph_gradients import replaced

_ONLY_SHAPES = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"}


class GraphLosses:
    """Those of one graph.

    Args:
        share: How much of all rows this process has, float32.
        total: Returns the sum of a scalar over the processes.

    Attributes:
        made: The operations whose outputs are such losses.
    """

    def __init__(self, share: tf.Tensor, total: Callable[[tf.Tensor], tf.Tensor]) -> None:
        self._share, self._total = share, total
        self.made: set[Any] = set()

    def sum(self, own: tf.Tensor) -> tf.Tensor:
        """Of a sum over the process's rows."""
        return self._noted(tf.math.divide_no_nan(own, tf.cast(self._share, own.dtype)))

    def mean(self, own: tf.Tensor, divisor: tf.Tensor) -> tf.Tensor:
        """Of such a sum, and of what it is to be divided by.

        A divisor that follows from shapes grows with the rows, so each process takes its own.
        """
        divisor = tf.cast(divisor, own.dtype)
        if _follows_from_shapes(divisor):
            return self._noted(tf.math.divide_no_nan(own, divisor))
        return self.sum(tf.math.divide_no_nan(own, self._total(divisor)))

    def _noted(self, loss: tf.Tensor) -> tf.Tensor:
        self.made.add(loss.op)
        return loss

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Within it losses are those of all rows."""
        with ExitStack() as stack:
            for place, name, replacement in (
                (losses_impl, "_safe_mean", self._safe_mean),
                (losses_impl, "compute_weighted_loss", self._weighted),
                (v1.losses, "compute_weighted_loss", self._weighted),
            ):
                stack.enter_context(replaced(place, name, replacement))
            stack.enter_context(of_whole_batches(self))
            yield

    def _safe_mean(self, _: Any) -> Any:
        return lambda losses, count: self.mean(tf.reduce_sum(losses), count)

    def _weighted(self, original: Any) -> Any:
        def compute_weighted_loss(
            losses: Any,
            weights: Any = 1.0,
            scope: Any = None,
            loss_collection: Any = v1.GraphKeys.LOSSES,
            reduction: Any = v1.losses.Reduction.SUM_BY_NONZERO_WEIGHTS,
        ) -> Any:
            if reduction != v1.losses.Reduction.SUM:
                return original(losses, weights, scope, loss_collection, reduction)
            loss = self.sum(original(losses, weights, scope, None, reduction))
            util.add_loss(loss, loss_collection)
            return loss

        return compute_weighted_loss


def _follows_from_shapes(tensor: tf.Tensor) -> bool:
    """Whether it follows from constants and from how large tensors are."""
    waiting, seen = [tensor.op], set()
    while waiting:
        operation = waiting.pop()
        if operation in seen or operation.type in _ONLY_SHAPES:
            continue
        seen.add(operation)
        if not operation.inputs and operation.type != "Const":
            return False
        waiting += [each.op for each in operation.inputs]
    return True
