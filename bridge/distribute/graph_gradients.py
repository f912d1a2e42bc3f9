"""Gradients in the graph of a `model_fn` are put together where they are computed.

So whatever is done with them afterwards is done with those of all rows, on every process: they are
clipped, accumulated, or applied by an optimizer of any kind.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf
import tensorflow.compat.v1 as v1
from keras.src.optimizers.base_optimizer import BaseOptimizer
from tensorflow.python.ops import gradients_util

from kerasrun.bridge.distribute.local_values import LocalValues, is_variable, needed_for

PutTogether = Callable[[Sequence[Any]], list[Any]]


class GraphGradients:
    """Those of one graph.

    Args:
        graph: The graph.
        mean: Puts gradients together: each counts by the rows that it is of.
        own: Returns which of the values that some operations need are a process's own.
    """

    def __init__(
        self, graph: Any, mean: PutTogether, own: Callable[[set[Any]], LocalValues]
    ) -> None:
        self._graph, self._mean, self._own = graph, mean, own
        self._depth = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Within it gradients of variables are those of all processes."""
        with ExitStack() as stack:
            for place, name, replacement in (
                (gradients_util, "_GradientsHelper", self._computed),
                (tf.GradientTape, "gradient", self._of_tape),
                (v1.train.Optimizer, "apply_gradients", self._applied),
                (BaseOptimizer, "apply", self._applied_by_keras),
            ):
                stack.enter_context(replaced(place, name, replacement))
            yield

    def _computed(self, original: Any) -> Any:
        def gradients(ys: Any, xs: Any, *args: Any, **kwargs: Any) -> Any:
            found = self._outermost(original, ys, xs, *args, **kwargs)
            listed = list(xs) if isinstance(xs, (list, tuple)) else [xs]
            return self._of_variables(listed, found)

        return gradients

    def _of_tape(self, original: Any) -> Any:
        def gradient(tape: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
            found = self._outermost(original, tape, target, sources, *args, **kwargs)
            listed = tf.nest.flatten(sources)
            answers = self._of_variables(listed, tf.nest.flatten(found))
            return tf.nest.pack_sequence_as(sources, answers)

        return gradient

    def _outermost(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls it; gradients that it asks for on its way are parts of its own."""
        self._depth += 1
        try:
            return function(*args, **kwargs)
        finally:
            self._depth -= 1

    def _of_variables(self, sources: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
        found = list(gradients)
        if self._depth or tf.executing_eagerly():
            return found
        asked = [i for i, one in enumerate(sources) if self._is_variable(one)]
        asked = [i for i in asked if found[i] is not None]
        if not asked:
            return found
        if v1.get_default_graph() is not self._graph:
            raise ValueError(
                "A model_fn that several processes train asks for gradients of variables inside "
                "tf.cond, tf.while_loop or a tf.function, where they cannot be put together: "
                "compute them outside, and choose there what is done with them."
            )
        for index, one in zip(asked, self._mean([found[i] for i in asked]), strict=True):
            found[index] = one
        return found

    def _is_variable(self, source: Any) -> bool:
        handle = getattr(source, "handle", source)
        return tf.is_tensor(handle) and handle.graph is self._graph and is_variable(handle)

    def _applied(self, original: Any) -> Any:
        def apply_gradients(optimizer: Any, grads_and_vars: Any, *args: Any, **kwargs: Any) -> Any:
            pairs = list(grads_and_vars)
            gradients = self._of_all([gradient for gradient, _ in pairs])
            together = [(g, v) for g, (_, v) in zip(gradients, pairs, strict=True)]
            return original(optimizer, together, *args, **kwargs)

        return apply_gradients

    def _applied_by_keras(self, original: Any) -> Any:
        def apply(optimizer: Any, grads: Any, *args: Any, **kwargs: Any) -> Any:
            return original(optimizer, self._of_all(list(grads)), *args, **kwargs)

        return apply

    def _of_all(self, gradients: Sequence[Any]) -> list[Any]:
        """Those that were computed by hand, and are of a process's own rows, are put together."""
        found = list(gradients)
        if v1.get_default_graph() is not self._graph:
            return found
        parts = tf.nest.flatten([one for one in found if one is not None], expand_composites=True)
        if not all(tf.is_tensor(part) for part in parts):
            return found
        own = self._own(needed_for(part.op for part in parts))
        asked = [i for i, one in enumerate(found) if one is not None and one in own]
        for index, one in zip(asked, self._mean([found[i] for i in asked]), strict=True):
            found[index] = one
        return found


@contextmanager
def replaced(place: Any, name: str, replacement: Callable[[Any], Any]) -> Iterator[None]:
    """Within it a function or method is another, made of it."""
    original = getattr(place, name)
    setattr(place, name, replacement(original))
    try:
        yield
    finally:
        setattr(place, name, original)


@contextmanager
def other_draws(offset: Callable[[tf.Tensor], tf.Tensor]) -> Iterator[None]:
    """Within it Keras draws with other seeds; the states of its generators stay as they were.

    Args:
        offset: Takes a seed, returns the other one.
    """

    def drawing(original: Any) -> Any:
        def following(generator: Any, *args: Any, **kwargs: Any) -> Any:
            return offset(original(generator, *args, **kwargs))

        return following

    with replaced(keras.random.SeedGenerator, "next", drawing):
        yield
