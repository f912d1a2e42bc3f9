"""`SessionRunHook`s on the graph of a `model_fn`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.graph_session import Feeds, Fetches, GraphSession
from kerasrun.bridge.model_fn.trace import Trace

WatchedStep = Callable[[Trace, Callable[..., Any], Example], tuple[Any, list[Any]]]


class GraphHookSession(HookCalls):
    """The hooks of one training, evaluation or prediction; see `HookCalls`.

    They may add to the graph in `begin`, fetch any tensor by object or name, and feed. What depends
    on no batch is computed before the step: `global_step` is the number of steps done before.

    Args:
        trace: The graph.
        hooks: In the order in which they are called.
        watched: Does a step, and computes more tensors with it.
        done: How many iterations an interrupted training had done before it goes on now.
    """

    def __init__(
        self,
        trace: Trace,
        hooks: Sequence[Any],
        watched: WatchedStep,
        *,
        done: int = 0,
    ) -> None:
        super().__init__(hooks, done)
        self._trace, self._watched = trace, watched
        self._results: dict[Any, Any] = {}
        self._cuts: dict[Any, Any] = {}  # gone with the session
        self._apart: dict[Any, bool] = {}

    def begin(self) -> None:
        """Calls the hooks' `begin` in the graph, and `after_create_session`."""
        if not self._hooks:
            return
        with self._trace.extended():
            for hook in self._hooks:
                hook.begin()
        with self._trace.graph.as_default():
            self.created(GraphSession(self._trace))

    def before_run(self) -> bool:
        """As `HookCalls` does it, where the graph is the default one."""
        with self._trace.graph.as_default():
            return super().before_run()

    def after_run(self, iterations: int, loss: float) -> bool:
        """As `HookCalls` does it, where the graph is the default one."""
        with self._trace.graph.as_default():
            return super().after_run(iterations, loss)

    def end(self) -> None:
        """As `HookCalls` does it, where the graph is the default one."""
        with self._trace.graph.as_default():
            super().end()

    def step(self, batch: Example) -> tf.Tensor:
        """Does the step that hooks watch, and computes what they have asked for.

        Returns:
            Its loss; of a prediction, the outputs.
        """
        parts = {hook: Fetches(self._trace, a.fetches) for hook, a in self.asked.items()}
        feeds = {k: v for a in self.asked.values() for k, v in (a.feed_dict or {}).items()}
        fed = Feeds(self._trace, feeds)
        every = list({id(e): e for part in parts.values() for e in part.elements}.values())
        early = [e for e in every if self._is_apart(e, fed)]
        late = [e for e in every if not any(e is other for other in early)]
        values = self._computed(early, fed)

        def run(tensors: Sequence[Any], batch: Example) -> list[Any]:
            cut = self._trace.cut([*tensors, *late], fed.tensors, cuts=self._cuts)
            return cut(*self._trace.flat(batch), *fed.values)

        loss, found = self._watched(self._trace, run, batch)
        values |= dict(zip(_tensors(late), found, strict=True))
        self._session.batch = batch
        self._results = {hook: part.results(values) for hook, part in parts.items()}
        return loss

    def observed(self, iterations: int, loss: float) -> Mapping[Any, Any]:
        """What the step has computed for them."""
        return self._results

    def _is_apart(self, element: Any, fed: Feeds) -> bool:
        """Asked once for all steps: the answer is a walk through the graph."""
        key = element.name, tuple(tensor.name for tensor in fed.tensors)
        if key not in self._apart:
            self._apart[key] = self._trace.is_apart(element, fed.tensors, self._cuts)
        return self._apart[key]

    def _computed(self, elements: list[Any], fed: Feeds) -> dict[int, Any]:
        if not elements:
            return {}
        run = self._trace.cut(elements, fed.tensors, of_batch=False, cuts=self._cuts)
        values = run(*fed.values)
        return dict(zip(_tensors(elements), values, strict=True))

    def original_args(self) -> Any:
        """What a step fetches anyway."""
        spec = self._trace.spec
        fetches = [each for each in (spec.train_op, spec.loss) if each is not None]
        return v1.train.SessionRunArgs(fetches)


def _tensors(elements: list[Any]) -> list[int]:
    return [id(each) for each in elements if isinstance(each, tf.Tensor)]
