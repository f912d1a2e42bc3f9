"""Which loop runs the steps: the candidates are timed on real steps, and the fastest stays.

The timed steps are training like any other. One is tried where it may save what it costs to try.
"""

import logging
import math
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from kerasrun.bridge.batch_shapes import is_dense, shapes_of
from kerasrun.bridge.loop_choice import LoopChoice, LoopSettings
from kerasrun.bridge.loop_collecting import Collecting
from kerasrun.bridge.loop_graph import (
    GraphLoop,
    Loop,
    OneThread,
    Step,
    Together,
    has_threads_to_spare,
)
from kerasrun.bridge.loop_xla import XlaLoop
from kerasrun.bridge.program import GraphMetrics
from kerasrun.bridge.random_operations import draws_otherwise_under_xla, keeps_random_state
from kerasrun.bridge.reasons import reason_of

_LOGGER = logging.getLogger("tensorflow")

# A call lasts about so long: rare enough to cost nothing, often enough to hear Ctrl-C.
_SECS_PER_CALL = 0.2
_SECS_PER_BURST = 0.01
_WARM_UP_STEPS = 10
_BURSTS = 3  # of each loop when two are compared; the first is not counted
_TRIES = 3  # of a burst, if it is cut short
_LARGE_STEP_SECS = 0.003  # on CPUs XLA's convolutions and products are slower than TensorFlow's


# Asked when a step has been traced: then all metrics are there.
Summaries = Callable[[], tuple[GraphMetrics | None, int | None]]


class Pass(NamedTuple):
    """What a pass over a dataset takes its batches from; see `Loop` for `known`."""

    iterator: Any
    known: bool


class Turn(NamedTuple):
    """What is to be run next: a loop, and at most how many steps of it."""

    loop: Loop
    most: int


class LoopTuner:
    """Says which loop takes the next steps, and learns from how long they took.

    Args:
        step: Takes a batch, returns its loss.
        spec: The structure of the batches.
        settings: What the user wants.
        told: Told of each choice.
        summaries: The metrics to read on the way, and every how many steps; None: none.
        weights: The trained variables.
        until_nan: Whether a loss that is NaN or infinite ends a call.
        eagerly: Whether steps run as Python: then there is nothing to choose.
        together: Asked where several replicas take the steps.
    """

    def __init__(
        self,
        step: Step,
        spec: Any,
        settings: LoopSettings,
        told: Callable[[LoopChoice], None],
        summaries: Summaries,
        weights: Callable[[], Iterable[tf.Variable]],
        *,
        until_nan: bool,
        eagerly: bool,
        together: Together | None = None,
    ) -> None:
        self.spec = spec
        self._step, self._until_nan = step, until_nan
        self._settings, self._told, self._eagerly = settings, told, eagerly
        self._summaries, self._weights = summaries, weights
        self._graph = GraphLoop(step, until_nan=until_nan, eagerly=eagerly, together=together)
        self._best: Loop = self._graph
        self._secs: dict[str, float] = {}
        self._seconds, self._trace_secs = 0.0, 0.0
        self._dims: Sequence[int] | None = None
        self._largest_limit = 0
        self._left: int | None = None
        self._pass: Pass | None = None
        self._plan = self._course()
        self._turn = next(self._plan)

    def trace(self, under_way: Pass) -> None:
        """Traces the first loop, if that has not been done for such a pass."""
        self._trace_secs = max(self._trace_secs, _traced(self._graph, under_way))

    def turn(self, limit: int, left: int | None, due_in: int | None) -> Turn:
        """The loop that takes the next steps, and how many.

        Args:
            limit: How many steps there may be before something must happen.
            left: How many there will be in all, if that is known.
            due_in: In how many steps summaries are due, if any: most loops must end there.
        """
        self._left = left
        near = limit if due_in is None else min(limit, due_in)
        self._largest_limit = max(self._largest_limit, near)
        if not isinstance(self._turn.loop, Collecting):
            limit = near
        if isinstance(self._settings.steps_per_loop, int):
            limit = min(limit, self._settings.steps_per_loop)
        return Turn(self._turn.loop, min(self._turn.most, limit))

    def took(self, steps: int, seconds: float, dims: Sequence[int], under_way: Pass) -> None:
        """The turn is over: so many steps were taken, in so many seconds."""
        if not steps:
            return
        self._seconds += seconds
        name, secs_per_step = self._turn.loop.name, seconds / steps
        if steps == 1:  # most of that may be the call's cost, or that of a first time
            secs_per_step = min(secs_per_step, self._secs.get(name, math.inf))
        self._secs[name] = secs_per_step
        if self._dims is None:
            self._dims = [int(size) for size in dims]
        self._pass = under_way
        try:
            self._turn = self._plan.send((steps, secs_per_step))
        except BaseException:
            self._plan = self._course()
            self._turn = next(self._plan)
            raise
        finally:
            self._pass = None  # or its threads would live on

    def _course(self) -> Generator[Turn, tuple[int, float], None]:
        """Every turn there is, from the first on."""
        forced = self._settings.jit_compile is True and not self._eagerly
        yield Turn(self._graph, 1)  # its batch shows the shapes
        if forced:
            self._best = self._xla()
            self._choose("RunConfig(jit_compile=True)", {})
        else:
            self._choose(self._why_not_yet(), {})
            yield from self._compared()
        while True:
            yield self._turn_of(self._best)

    def _compared(self) -> Generator[Turn, tuple[int, float], None]:
        measured: dict[str, float] = {}
        for _ in range(2):  # the first steps are slower
            yield Turn(self._graph, _WARM_UP_STEPS)
        while not self._pays(self._trace_secs):
            yield self._turn_of(self._best)
        for name, make, cost in self._candidates():
            while not self._pays(cost):
                yield self._turn_of(self._best)
            if name == "xla" and self._is_large():
                return
            try:
                candidate = make()
            except Exception as error:  # whatever it is: training goes on as it is
                _LOGGER.info("The loop %r cannot run this step: %s", name, reason_of(error))
                continue
            found = yield from self._timed(candidate)
            measured |= found
            if found[candidate.name] < found[self._best.name]:
                self._best = candidate
            self._choose("the fastest", measured)

    def _timed(self, candidate: Loop) -> Generator[Turn, tuple[int, float], dict[str, float]]:
        """Runs the best loop so far and another in turn; returns seconds a step of both."""
        times: dict[str, list[float]] = {self._best.name: [], candidate.name: []}
        wanted = max(int(_SECS_PER_BURST / self._secs[self._best.name]), 1)
        for _ in range(_BURSTS):
            for loop in (self._best, candidate):
                for _ in range(_TRIES):
                    taken, secs_per_step = yield Turn(loop, wanted)
                    # What a hook or a summary cuts short says little.
                    if 2 * taken >= min(wanted, self._largest_limit):
                        break
                times[loop.name].append(secs_per_step)
        return {name: min(secs[1:]) for name, secs in times.items()}

    def _candidates(self) -> Iterable[tuple[str, Callable[[], Loop], float]]:
        """Names of loops, how they are made, and about how many seconds that takes."""
        if self._eagerly or self._settings.fixed:
            return
        operations = self._graph.operations(*self._under_way)
        if keeps_random_state(operations):
            _LOGGER.info("The step keeps random state in its operations: one loop runs them all.")
            return
        if has_threads_to_spare():
            yield "one thread", self._one_thread, self._trace_secs
        same_under_xla = is_dense(self.spec) and not draws_otherwise_under_xla(operations)
        if self._settings.jit_compile == "auto" and same_under_xla:
            yield "xla", self._xla, 0.5 + 4 * self._trace_secs

    def _one_thread(self) -> Loop:
        return self._in_one_thread(GraphLoop(self._step, until_nan=self._until_nan), "one thread")

    def _xla(self) -> Loop:
        if not is_dense(self.spec):
            raise ValueError(
                "RunConfig(jit_compile=True): XLA takes dense tensors of numbers only; the batches "
                f"hold {self.spec}. Leave jit_compile at 'auto', or make numbers of them in "
                "input_fn."
            )
        shapes = shapes_of(self.spec, self._dims or [])
        try:
            loop = XlaLoop(
                self._step,
                self.spec,
                shapes,
                until_nan=self._until_nan,
                weights=self._weights,
            )
            loop.compile()
        except tf.errors.OpError as error:
            raise ValueError(
                f"RunConfig(jit_compile=True): XLA cannot compile this model's step: "
                f"{reason_of(error)} Leave jit_compile at 'auto'."
            ) from error
        return self._in_one_thread(loop, loop.name)

    def _in_one_thread(self, loop: GraphLoop | XlaLoop, name: str) -> Loop:
        metrics, every = self._summaries()
        made: Loop = OneThread(loop, name) if has_threads_to_spare() else loop
        if made is not loop and metrics is not None and every:
            made = Collecting(loop, name, metrics, every)
        _traced(made, self._under_way)
        return made

    @property
    def _under_way(self) -> Pass:
        assert self._pass is not None, "only asked for when steps have been taken"
        return self._pass

    def _pays(self, cost: float) -> bool:
        """Whether there is so much to do still that trying another loop is worth it."""
        if self._left is None:  # as long again as it has been, for all we know
            return self._seconds > 2 * cost
        return self._left * self._secs[self._best.name] > 4 * cost

    def _is_large(self) -> bool:
        on_cpu = not tf.config.list_logical_devices("GPU")
        return on_cpu and self._secs[self._best.name] > _LARGE_STEP_SECS

    def _turn_of(self, loop: Loop) -> Turn:
        secs = self._secs.get(loop.name)
        if isinstance(self._settings.steps_per_loop, int):
            return Turn(loop, self._settings.steps_per_loop)
        return Turn(loop, 1 if secs is None else max(int(_SECS_PER_CALL / secs), 1))

    def _why_not_yet(self) -> str:
        if self._eagerly:
            return "run_eagerly"
        why = "no other was tried: that takes longer than it saves in a short run"
        return self._settings.fixed or why

    def _choose(self, why: str, secs: Mapping[str, float]) -> None:
        self._told(LoopChoice(self._best.name, why, dict(secs)))


def _traced(loop: Loop, under_way: Pass) -> float:
    """Traces a loop, taking no step; returns how many seconds that took."""
    begun = time.perf_counter()
    loop(under_way.iterator, 0, known=under_way.known)
    return time.perf_counter() - begun
