"""A session on the graph of a `model_fn`: what hooks and savers run."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import tensorflow as tf
from tensorflow.python.client.session import SessionInterface
from tensorflow.python.eager import context

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.trace import Trace


class GraphSession(SessionInterface):
    """Runs parts of the graph; see `tf.compat.v1.Session`.

    What depends on a batch is computed of the last one that a hook has watched.

    Args:
        trace: The graph.

    Attributes:
        batch: That batch.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._cuts: dict[Any, Any] = {}
        self.batch: Example | None = None

    @property
    def graph(self) -> Any:
        """The graph."""
        return self._trace.graph

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Computes fetches: tensors, operations, variables or their names, in any structure.

        Raises:
            ValueError: Something depends on a batch, and none has been watched; or on the other
                processes of a cluster.
            KeyError: A name is none of the graph's.
        """
        wanted = Fetches(self._trace, fetches)
        shared = self._trace.shared
        if shared is not None and shared.needs_all(wanted.elements):
            raise ValueError(
                f"{[each.name for each in wanted.elements]} are computed by all processes of the "
                "cluster at once, so a session of one of them cannot run them: ask for them in "
                "before_run, by tf.train.SessionRunArgs."
            )
        feeds = Feeds(self._trace, feed_dict)
        fed = feeds.values
        try:
            run = self._trace.cut(wanted.elements, feeds.tensors, of_batch=False, cuts=self._cuts)
        except ValueError:
            if self.batch is None:
                raise
            run = self._trace.cut(wanted.elements, feeds.tensors, cuts=self._cuts)
            fed = [*self._trace.flat(self.batch), *fed]
        tensors = [id(each) for each in wanted.elements if isinstance(each, tf.Tensor)]
        with context.eager_mode():
            return wanted.results(dict(zip(tensors, run(*fed), strict=True)))

    def should_stop(self) -> bool:
        """Whether training is to stop: hooks say so by their context."""
        return False

    def close(self) -> None:
        """Lets go of what it has run."""
        self._cuts.clear()

    def __enter__(self) -> Self:
        """Makes the graph the default one."""
        self._default = self.graph.as_default()
        self._default.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        """As it was."""
        self._default.__exit__(*exception)


def begin_with_scaffold(trace: Trace) -> None:
    """Does what the scaffold, if there is one, begins a training with."""
    scaffold = trace.spec.scaffold
    if scaffold is None:
        return
    session = GraphSession(trace)
    with trace.graph.as_default():
        if scaffold.init_op is not None:
            session.run(scaffold.init_op, scaffold.init_feed_dict)
        if scaffold.init_fn is not None:
            scaffold.init_fn(session)


class Fetches:
    """What is asked for, found in the graph.

    Args:
        trace: The graph.
        structure: Tensors, operations, variables or names, in any structure.

    Attributes:
        elements: The tensors and operations to run.

    Raises:
        KeyError: A name is none of the graph's.
    """

    def __init__(self, trace: Trace, structure: Any) -> None:
        self._structure = structure
        self._leaves = [trace.element(leaf) for leaf in _leaves(structure)]
        runs = [leaf for leaf in self._leaves if not isinstance(leaf, tf.Variable)]
        self.elements: list[Any] = list({id(each): each for each in runs}.values())
        # As it is before anything runs.
        with context.eager_mode():
            self._read = {id(v): v.numpy() for v in self._leaves if isinstance(v, tf.Variable)}

    def results(self, values: Mapping[int, Any]) -> Any:
        """The structure, filled with numpy values.

        Args:
            values: Of the tensors among the elements, by their `id`.
        """
        found = {key: value.numpy() for key, value in values.items()} | self._read
        return _filled(self._structure, iter([found.get(id(leaf)) for leaf in self._leaves]))


class Feeds:
    """What is fed.

    Args:
        trace: The graph.
        feed_dict: Tensor, or its name, to value.
    """

    def __init__(self, trace: Trace, feed_dict: Mapping[Any, Any] | None) -> None:
        given = feed_dict or {}
        self.tensors = [trace.element(key) for key in given]
        with context.eager_mode():
            self.values = [
                tf.convert_to_tensor(np.asarray(value), tensor.dtype)
                for tensor, value in zip(self.tensors, given.values(), strict=True)
            ]


def _leaves(structure: Any) -> list[Any]:
    if isinstance(structure, (tf.SparseTensor, tf.IndexedSlices, tf.RaggedTensor)):
        return list(tf.nest.flatten(structure, expand_composites=True))
    if isinstance(structure, Mapping):
        return [leaf for value in structure.values() for leaf in _leaves(value)]
    if isinstance(structure, (list, tuple)):
        return [leaf for value in structure for leaf in _leaves(value)]
    return [] if structure is None else [structure]


def _filled(structure: Any, values: Any) -> Any:
    if isinstance(structure, tf.SparseTensor):
        return tf.compat.v1.SparseTensorValue(*(next(values) for _ in range(3)))
    if isinstance(structure, tf.IndexedSlices):
        rows, indices = next(values), next(values)
        shape = None if structure.dense_shape is None else next(values)
        return tf.compat.v1.IndexedSlicesValue(rows, indices, shape)
    if isinstance(structure, tf.RaggedTensor):
        return tuple(next(values) for _ in tf.nest.flatten(structure, expand_composites=True))
    if isinstance(structure, Mapping):
        pairs = {key: _filled(each, values) for key, each in structure.items()}
        return type(structure)(pairs)  # type: ignore[call-arg]
    if isinstance(structure, (list, tuple)):
        parts = [_filled(each, values) for each in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return None if structure is None else next(values)
