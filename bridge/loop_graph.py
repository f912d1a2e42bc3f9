"""Many steps in one call of a graph: as TensorFlow's executor runs it, or in one thread.

Below a millisecond a step the executor's hand-offs between threads last longer than the work
itself: then operations that run one after the other are faster. Large steps want the threads.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf
from tensorflow.python.eager import context

from kerasrun.bridge.batch_shapes import count_dims, dims_of
from kerasrun.bridge.input_pipeline import Example

Step = Callable[[Example], tf.Tensor]


class Steps(NamedTuple):
    """What a call has done: tensors, or values of them.

    Attributes:
        done: How many steps were taken, int64.
        more: Whether the data may hold more, bool.
        loss: The last step's loss, float32; 0 where no step was taken.
        dims: See `kerasrun.bridge.batch_shapes.dims_of`; of the last batch, or empty.
        rows: What a `Collecting` loop has read of the metrics on its way, `[times, values]`.
    """

    done: Any
    more: Any
    loss: Any
    dims: Any
    rows: Any = ()


class Loop(Protocol):
    """Takes steps on the batches of an iterator, all in one call."""

    name: str

    def __call__(self, iterator: Any, limit: int, *, known: bool, due_in: int = 0) -> Steps:
        """Takes up to `limit` steps.

        Args:
            iterator: Gives the batches.
            limit: How many steps; fewer where the data end, or a loss ends the call.
            known: Whether so many batches are known to be there: to ask for each takes longer than
                to fetch it.
            due_in: After how many steps the metrics are to be read, for a `Collecting` loop.
        """


class GraphCode(Protocol):
    """A loop that can be a part of a larger graph."""

    name: str

    def steps(self, iterator: Any, limit: tf.Tensor, known: bool) -> Steps:
        """What a call does, as graph code."""


class Together(Protocol):
    """What a loop asks where several replicas take its steps."""

    @property
    def own_data(self) -> bool:
        """Whether each process reads data of its own, which may end before another's."""

    def agreed(self, limit: int) -> int:
        """How many steps all take in the next call, if this process would take so many."""

    def have_data(self, there: tf.Tensor) -> tf.Tensor:
        """In a graph: whether all of them have a batch, if this one has."""

    def refresh(self) -> None:
        """Called before each call of the loop."""

    def translated(self) -> Any:
        """A context for a call of the loop: the loss of another process is told as such."""


class GraphLoop:
    """The step in a loop inside a `tf.function`.

    Args:
        step: Takes a batch, returns its loss, a scalar. Traced once.
        until_nan: Whether a loss that is NaN or infinite ends the call.
        eagerly: Runs everything as Python, uncompiled.
        together: Asked where several replicas take the steps.
    """

    name = "graph"

    def __init__(
        self,
        step: Step,
        *,
        until_nan: bool,
        eagerly: bool = False,
        together: Together | None = None,
    ) -> None:
        self._step, self._until_nan, self._together = step, until_nan, together
        compiled = tf.function(self.steps, autograph=False, reduce_retracing=True)
        self._call: Any = self.steps if eagerly else compiled

    def __call__(self, iterator: Any, limit: int, *, known: bool, due_in: int = 0) -> Steps:
        """Takes up to `limit` steps."""
        if self._together is None:
            return self._ran(iterator, limit, known)
        self._together.refresh()
        with self._together.translated():
            return self._ran(iterator, limit, known and not self._together.own_data)

    def _ran(self, iterator: Any, limit: int, known: bool) -> Steps:
        steps: Steps = self._call(iterator, tf.constant(limit, tf.int64), known)
        return steps

    def operations(self, iterator: Any, known: bool) -> set[str]:
        """The types of the operations of the compiled loop."""
        limit = tf.constant(0, tf.int64)
        function = self._call.get_concrete_function(iterator, limit, known)
        graph = function.graph.as_graph_def()
        inner = [node for one in graph.library.function for node in one.node_def]
        return {node.op for node in [*graph.node, *inner]}

    def steps(self, iterator: Any, limit: tf.Tensor, known: bool) -> Steps:
        """What a call does, as graph code."""
        spec, together = iterator.element_spec, self._together

        def goes_on(so_far: Steps) -> tf.Tensor:
            return (so_far.done < limit) & so_far.more & unharmed(so_far.loss, self._until_nan)

        def one(so_far: Steps) -> tuple[Steps]:
            def step(batch: Example) -> Steps:
                loss = tf.cast(self._step(batch), tf.float32)
                return Steps(so_far.done + 1, so_far.more, loss, dims_of(batch, spec))

            if known:
                return (step(iterator.get_next()),)
            batch = iterator.get_next_as_optional()
            ended = so_far._replace(more=tf.constant(False))
            there = batch.has_value() if together is None else together.have_data(batch.has_value())
            return (tf.cond(there, lambda: step(batch.get_value()), lambda: ended),)

        dims = tf.zeros([count_dims(spec)], tf.int32)
        start = Steps(tf.constant(0, tf.int64), tf.constant(True), tf.constant(0.0), dims)
        return Steps(*tf.while_loop(goes_on, one, (start,), parallel_iterations=1)[0])


class OneThread:
    """Runs another loop's operations one after the other, in the calling thread.

    The other loop must not have been traced outside: control flow is traced otherwise then.
    """

    def __init__(self, loop: Loop, name: str) -> None:
        self.loop, self.name = loop, name

    def __call__(self, iterator: Any, limit: int, *, known: bool, due_in: int = 0) -> Steps:
        """Takes up to `limit` steps."""
        with one_thread():
            return self.loop(iterator, limit, known=known, due_in=due_in)


def has_threads_to_spare() -> bool:
    """Whether a loop in one thread may wait for its data, which threads of the same pool read.

    On a machine of one core it would wait for ever.
    """
    asked = tf.config.threading.get_inter_op_parallelism_threads()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(asked or cores or 1) > 1


def one_thread() -> Any:
    """A context in which functions are traced and run one operation after the other."""
    return context.function_executor_type("SINGLE_THREADED_EXECUTOR")


def unharmed(loss: tf.Tensor, until_nan: bool) -> tf.Tensor:
    """Whether a loop goes on after this loss."""
    return tf.math.is_finite(loss) if until_nan else tf.constant(True)
