"""Summaries amid a call: the metrics are read and started anew inside the compiled loop."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.loop_graph import GraphCode, Steps, one_thread, unharmed
from kerasrun.bridge.program import GraphMetrics


class Collected(NamedTuple):
    """The metrics as they were after some step of a call.

    Attributes:
        steps: After how many steps of the call.
        seconds: How long the call had lasted.
        values: By name, as `Program.metric_results` gives them.
    """

    steps: int
    seconds: float
    values: dict[str, Any]


class Collecting:
    """Runs another loop in one thread, and need not end a call where a summary is due.

    Args:
        loop: The other loop, not traced yet.
        name: What it is called.
        metrics: What is read.
        every: How many steps there are between two readings.
    """

    def __init__(self, loop: GraphCode, name: str, metrics: GraphMetrics, every: int) -> None:
        self.name = name
        self._loop, self._metrics, self._every = loop, metrics, every
        self._keys: list[str] = []
        self._call: Any = tf.function(self._steps, autograph=False, reduce_retracing=True)

    def __call__(self, iterator: Any, limit: int, *, known: bool, due_in: int = 0) -> Steps:
        """Takes up to `limit` steps."""
        numbers = tf.constant(limit, tf.int64), tf.constant(due_in, tf.int64)
        with one_thread():
            steps: Steps = self._call(iterator, *numbers, known)
        return steps

    def collected(self, steps: Steps, due_in: int) -> Iterator[Collected]:
        """What was read in a call for which summaries were due in so many steps."""
        for index, row in enumerate(steps.rows.numpy().tolist()):
            *values, seconds = row
            found = self._metrics.of_taken(dict(zip(self._keys, values, strict=True)))
            yield Collected(due_in + index * self._every, seconds, found)

    def _steps(self, iterator: Any, limit: tf.Tensor, due_in: tf.Tensor, known: bool) -> Steps:
        begun = tf.timestamp()

        def goes_on(so_far: Steps, *_: Any) -> tf.Tensor:
            return (so_far.done < limit) & so_far.more & unharmed(so_far.loss, until_nan=True)

        def some(so_far: Steps, due: tf.Tensor, rows: tf.TensorArray) -> Any:
            ran = self._loop.steps(iterator, tf.minimum(limit, due) - so_far.done, known)
            done = so_far.done + ran.done
            is_due = tf.equal(done, due) & unharmed(ran.loss, until_nan=True)
            due, rows = tf.cond(
                is_due,
                lambda: (due + self._every, rows.write(rows.size(), self._row(begun))),
                lambda: (due, rows),
            )
            loss = tf.where(ran.done > 0, ran.loss, so_far.loss)
            return so_far._replace(done=done, more=ran.more, loss=loss), due, rows

        nothing = tf.zeros([0], tf.int32)
        start = Steps(tf.constant(0, tf.int64), tf.constant(True), tf.constant(0.0), nothing)
        rows = tf.TensorArray(tf.float64, 0, dynamic_size=True, element_shape=[None])
        steps: Steps
        steps, _, rows = tf.while_loop(goes_on, some, (start, due_in, rows), parallel_iterations=1)
        return steps._replace(rows=rows.stack())

    def _row(self, begun: tf.Tensor) -> tf.Tensor:
        taken = self._metrics.taken()
        self._keys = list(taken)
        values = [tf.cast(value, tf.float64) for value in taken.values()]
        return tf.stack([*values, tf.timestamp() - begun])
