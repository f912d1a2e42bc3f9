"""The compiled loop: many steps a call, each call ending exactly where it is told to.

One step a call costs 300 to 800 µs of Python, whatever the model; a hundred steps a call make
that cost vanish. How the steps of a call are run is chosen by `kerasrun.bridge.loop_tuning`.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.loop_choice import LoopChoice, LoopSettings
from kerasrun.bridge.loop_collecting import Collected, Collecting
from kerasrun.bridge.loop_graph import Step, Together
from kerasrun.bridge.loop_tuning import LoopTuner, Pass, Summaries


class Ran(NamedTuple):
    """What one call did.

    Attributes:
        steps: How many steps were taken.
        more: Whether the data may hold more.
        loss: The last step's loss; 0 where no step was taken.
        collected: The metrics where summaries were due amid the call, or at its end. They have
            been started anew each time.
    """

    steps: int
    more: bool
    loss: float
    collected: Sequence[Collected] = ()

    @property
    def finite(self) -> bool:
        """Whether the last step's loss was a number."""
        return math.isfinite(self.loss)


class CompiledLoop:
    """Runs `step` on batch after batch inside one `tf.function`.

    One instance serves many datasets of the same structure without tracing anew, and what it has
    learnt of how fast the steps are run best serves them all.

    Args:
        step: Takes an `Example`, returns its loss, a scalar. Traced once for each way to run it.
        counter: An int64 variable that counts the steps; with one, a loss that is NaN or infinite
            ends the call.
        eagerly: Runs everything as Python, uncompiled.
        settings: How it runs.
        chosen: Told of the way to run it that was chosen; told again when there is a better one.
        summaries: Metrics that may be read amid a call, and every how many steps; asked when a
            step has been traced.
        weights: The variables that a step trains.
        together: Asked where several replicas take the steps.
    """

    def __init__(
        self,
        step: Step,
        counter: tf.Variable | None = None,
        *,
        eagerly: bool = False,
        settings: LoopSettings | None = None,
        chosen: Callable[[LoopChoice], None] = lambda _: None,
        summaries: Summaries = lambda: (None, None),
        weights: Callable[[], Iterable[tf.Variable]] = tuple,
        together: Together | None = None,
    ) -> None:
        self._step, self._counter = step, counter
        self._eagerly, self._together = eagerly, together
        self._settings = settings or LoopSettings()
        self._chosen, self._summaries, self._weights = chosen, summaries, weights
        self._tuner: LoopTuner | None = None

    def start(self, dataset: tf.data.Dataset) -> "Running":
        """Begins a pass over `dataset`; traces the loop if this structure is new."""
        tuner = self._tuner_for(dataset.element_spec)
        running = Running(tuner, dataset, together=self._together)
        running.trace()
        return running

    def over(self, running: "Running") -> "Running":
        """Takes batches from where another pass stands, for a step of its own."""
        tuner = self._tuner_for(running.dataset.element_spec)
        return Running(tuner, running.dataset, running.iterator)

    def _tuner_for(self, spec: Any) -> LoopTuner:
        if self._tuner is None or self._tuner.spec != spec:
            self._tuner = LoopTuner(
                self._step if self._counter is None else self._counted,
                spec,
                self._settings,
                self._chosen,
                self._summaries,
                self._weights,
                until_nan=self._counter is not None,
                eagerly=self._eagerly,
                together=self._together,
            )
        return self._tuner

    def _counted(self, batch: Any) -> tf.Tensor:
        loss = self._step(batch)
        assert self._counter is not None
        self._counter.assign_add(1)
        return loss


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
        tuner: LoopTuner,
        dataset: tf.data.Dataset,
        iterator: tf.data.Iterator | None = None,
        clock: Callable[[], float] = time.perf_counter,
        together: Together | None = None,
    ) -> None:
        self._tuner, self._together = tuner, together
        self.dataset = dataset
        self.iterator: Any = iter(dataset) if iterator is None else iterator
        self._clock = clock
        self._size = int(dataset.cardinality())
        if together is not None and together.own_data and self._size >= 0:
            self._size = tf.data.UNKNOWN_CARDINALITY  # all of them find out at the same step
        self.batches = 0
        self.seconds = 0.0

    def begin_again(self) -> None:
        """Goes back to the dataset's beginning."""
        self.iterator, self.batches = iter(self.dataset), 0

    def goes_on_at(self, batches: int) -> None:
        """The iterator stands behind so many batches, as of a run whose data may have been more."""
        self.batches = batches
        if self._size != tf.data.INFINITE_CARDINALITY:
            self._size = tf.data.UNKNOWN_CARDINALITY

    def close(self) -> None:
        """Ends the pass, and the threads that read ahead for it.

        An exception on its way would keep them alive to the end of the process; there they would
        wait for Python, and Python for them, where the data come from Python code.
        """
        self.iterator = None

    def trace(self) -> None:
        """Traces the loop, taking no step."""
        self._tuner.trace(Pass(self.iterator, self._known))

    def run_up_to(self, limit: int, left: int | None = None, due_in: int | None = None) -> Ran:
        """Takes as many steps as fit into a short call.

        Args:
            limit: The most that may be taken; fewer are where the data end, or a loss is no number;
                none where another process of several wants to stop.
            left: How many are to be taken in all, in this call and later ones, if that is known.
            due_in: In how many steps summaries are due. The call ends there at the latest, or it
                collects them.
        """
        there, asked = self._left, limit
        if there is not None:
            limit, left = min(limit, there), min(there, there if left is None else left)
        turn = self._tuner.turn(limit, left, due_in)
        most = turn.most if self._together is None else self._together.agreed(turn.most)
        if most == 0 < turn.most:
            return Ran(0, True, 0.0)
        under_way = Pass(self.iterator, self._known)
        begun = self._clock()
        took = turn.loop(self.iterator, most, known=under_way.known, due_in=due_in or 0)
        steps, more, loss = int(took.done), bool(took.more), float(took.loss)
        seconds = self._clock() - begun
        collected: Sequence[Collected] = ()
        if isinstance(turn.loop, Collecting) and due_in is not None:
            collected = list(turn.loop.collected(took, due_in))
        self.batches += steps
        self.seconds += seconds if steps else 0.0
        if there is not None:  # the end is noticed as it is where nobody knows where it will be
            more = bool(steps < there or asked <= there)
            if self._together is not None:  # others may have asked for more
                more = there > 0
        self._tuner.took(steps, seconds, took.dims, under_way)
        return Ran(steps, more, loss, collected)

    def run_one(self, step: Callable[[Any], Any]) -> Ran:
        """Takes one step, with a function that does what it does beside the compiled loop."""
        if self._together is not None and not self._together.agreed(0 if self._left == 0 else 1):
            return Ran(0, self._left != 0, 0.0)
        batch = next(self.iterator, None)
        there = batch is not None
        if self._together is not None and (self._together.own_data or not self._known):
            there = bool(self._together.have_data(tf.constant(there)))
        if not there:
            return Ran(0, False, 0.0)
        begun = self._clock()
        loss = float(step(batch))
        self.seconds += self._clock() - begun
        self.batches += 1
        return Ran(1, True, loss)

    @property
    def _left(self) -> int | None:
        """How many batches there are still, if that is known and ends."""
        return self._size - self.batches if self._size >= 0 else None

    @property
    def _known(self) -> bool:
        """Whether it is known how many batches there are."""
        return self._size != int(tf.data.UNKNOWN_CARDINALITY)
