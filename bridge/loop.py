"""The compiled loop: many steps a call, each call ending exactly where it is told to.

One step a call costs 300 to 800 µs of Python, whatever the model; a hundred steps a call make
that cost vanish.
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.input_pipeline import Example

# A call lasts about so long: rare enough to cost nothing, often enough to hear Ctrl-C.
_SECS_PER_CALL = 0.2
_LoopState = Any  # (steps done int64, more bool, loss float32), scalars


class Ran(NamedTuple):
    """What one call did.

    Attributes:
        steps: How many steps were taken.
        more: Whether the data may hold more.
        loss: The last step's loss; 0 where no step was taken.
    """

    steps: int
    more: bool
    loss: float

    @property
    def finite(self) -> bool:
        """Whether the last step's loss was a number."""
        return math.isfinite(self.loss)


class CompiledLoop:
    """Runs `step` on batch after batch inside one `tf.function`.

    One instance serves many datasets of the same structure without tracing anew.

    Args:
        step: Takes an `Example`, returns its loss, a scalar. Traced once.
        counter: An int64 variable that counts the steps; with one, a loss that is NaN or infinite
            ends the call.
        eagerly: Runs everything as Python, uncompiled.
    """

    def __init__(
        self,
        step: Callable[[Example], tf.Tensor],
        counter: tf.Variable | None = None,
        *,
        eagerly: bool = False,
    ) -> None:
        self._step = step
        self._counter = counter
        compiled = tf.function(self._steps, autograph=False, reduce_retracing=True)
        self._call = self._steps if eagerly else compiled

    def start(self, dataset: tf.data.Dataset) -> "Running":
        """Begins a pass over `dataset`; traces the loop if this structure is new."""
        running = Running(self._call, dataset)
        running.run(0)
        return running

    def over(self, running: "Running") -> "Running":
        """Takes batches from where another pass stands, for a step of its own."""
        return Running(self._call, running.dataset, running.iterator)

    def _steps(self, iterator: tf.data.Iterator, limit: tf.Tensor) -> _LoopState:
        def goes_on(done: tf.Tensor, more: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
            unharmed = tf.math.is_finite(loss) if self._counter is not None else True
            return (done < limit) & more & unharmed

        def one(done: tf.Tensor, more: tf.Tensor, loss: tf.Tensor) -> _LoopState:
            batch = iterator.get_next_as_optional()
            return tf.cond(
                batch.has_value(),
                lambda: (done + 1, more, self._counted(batch.get_value())),
                lambda: (done, tf.constant(False), loss),
            )

        start = (tf.constant(0, tf.int64), tf.constant(True), tf.constant(0.0))
        return tf.while_loop(goes_on, one, start, parallel_iterations=1)

    def _counted(self, batch: Example) -> tf.Tensor:
        loss = self._step(batch)
        if self._counter is not None:
            self._counter.assign_add(1)
        return tf.cast(loss, tf.float32)


class Running:
    """A pass over one dataset.

    Attributes:
        dataset: What it passes over.
        iterator: Where it stands.
        batches: How many batches have been taken from the dataset's beginning.
        seconds: How long the calls have lasted so far.
    """

    def __init__(
        self,
        call: Callable[..., _LoopState],
        dataset: tf.data.Dataset,
        iterator: tf.data.Iterator | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._call = call
        self.dataset = dataset
        self.iterator: Any = iter(dataset) if iterator is None else iterator
        self._clock = clock
        self._secs_per_step: float | None = None
        self.batches = 0
        self.seconds = 0.0

    def begin_again(self) -> None:
        """Goes back to the dataset's beginning."""
        self.iterator, self.batches = iter(self.dataset), 0

    def close(self) -> None:
        """Ends the pass, and the threads that read ahead for it.

        An exception on its way would keep them alive to the end of the process; there they would
        wait for Python, and Python for them, where the data come from Python code.
        """
        self.iterator = None

    def run(self, limit: int) -> Ran:
        """Takes `limit` steps, or fewer where the data ends or a loss is no number."""
        before = self._clock()
        steps, more, loss = self._call(self.iterator, tf.constant(limit, tf.int64))
        ran = Ran(int(steps), bool(more), float(loss))
        self.batches += ran.steps
        if ran.steps:
            seconds = self._clock() - before
            self.seconds += seconds
            self._secs_per_step = seconds / ran.steps
        return ran

    def run_up_to(self, limit: int) -> Ran:
        """Takes as many steps as fit into a short call, at most `limit`."""
        if self._secs_per_step is None:
            return self.run(min(limit, 1))
        fitting = int(_SECS_PER_CALL / self._secs_per_step) if self._secs_per_step else limit
        return self.run(min(limit, max(fitting, 1)))
