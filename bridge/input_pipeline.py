"""From a user's `input_fn` to a `tf.data.Dataset` of (features, labels, sample weights).

An `input_fn` may be written for today's TensorFlow (it returns a Dataset) or as graph code, as most
`tf.estimator` programs are (`make_one_shot_iterator().get_next()`, queues, placeholders with
feeds in hooks aside). It is called eagerly first; if it answers with eager tensors, or needs a
graph, it is called once more inside a `tf.Graph`, and a session pulls the batches.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from kerasrun.bridge.bound import bound_keywords

InputFn = Callable[..., Any]
INPUT_CONTEXT = "input_context"

_WEIGHTED_KEYS = {"features", "sample_weights"}
_TABLE_INITIALIZERS = tf.compat.v1.GraphKeys.TABLE_INITIALIZERS


class Example(NamedTuple):
    """One batch as the loop sees it; `labels` and `sample_weights` are None where there are none.

    Attributes:
        features: Any structure of tensors `[batch, ...]`.
        labels: Likewise.
        sample_weights: A tensor `[batch]`, or a structure of them by output.
    """

    features: Any
    labels: Any = None
    sample_weights: Any = None


def dataset_from(
    input_fn: InputFn,
    mode: str,
    params: Any,
    config: Any,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Calls `input_fn` and returns a Dataset of `Example`s, batched as the function batches.

    Args:
        input_fn: Takes those of `mode`, `params`, `config` and `input_context` that it names.
            Returns a Dataset of features or (features, labels), or such tensors themselves: graph
            tensors are pulled anew for each batch, constant ones are the same batch for ever.
        mode: One of `ModeKeys`.
        params: Passed on.
        config: Passed on.
        input_context: Passed on; None: that of a process that reads all.

    Raises:
        TypeError: `input_fn` asks for another argument.
        ValueError: It returns a list or tuple that is no pair.
    """
    offered = {"mode": mode, "params": params, "config": config}
    if asks_for(input_fn, INPUT_CONTEXT):
        offered[INPUT_CONTEXT] = input_context or tf.distribute.InputContext()
    call = _bound(input_fn, offered)
    if tf.executing_eagerly():
        try:
            result = call()
        except RuntimeError as error:
            if not _asks_for_a_graph(error):
                raise
            result = None
        if isinstance(result, tf.data.Dataset):
            return result.map(_example)
        if result is not None and not _holds_eager_tensors(result):
            return _constant(result)
    return _pulled_from_graph(call, config.tf_random_seed)


def asks_for(input_fn: InputFn, name: str) -> bool:
    """Whether an `input_fn` names this argument."""
    return name in inspect.signature(input_fn).parameters and name not in bound_keywords(input_fn)


def _bound(input_fn: InputFn, offered: dict[str, Any]) -> Callable[[], Any]:
    parameters = inspect.signature(input_fn).parameters
    bound = bound_keywords(input_fn)
    offered = {name: value for name, value in offered.items() if name not in bound}
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return lambda: input_fn(**offered)
    required = [
        name
        for name, p in parameters.items()
        if p.default is p.empty and p.kind is not p.VAR_POSITIONAL and name not in offered
    ]
    if required:
        raise TypeError(
            f"input_fn {getattr(input_fn, '__name__', input_fn)!r} asks for {', '.join(required)}, "
            "which nobody gives it. It may take any of mode, params, config and input_context; "
            "bind others with functools.partial or a lambda."
        )
    given = {name: value for name, value in offered.items() if name in parameters}
    return lambda: input_fn(**given)


def _asks_for_a_graph(error: RuntimeError) -> bool:
    text = str(error)
    return "eager execution" in text or "eager mode" in text


def _holds_eager_tensors(result: Any) -> bool:
    return any(tf.is_tensor(leaf) for leaf in tf.nest.flatten(result, expand_composites=True))


@tf.autograph.experimental.do_not_convert
def _example(*element: Any) -> Example:
    """From what an `input_fn` or one element of its Dataset holds."""
    if len(element) > 3:
        raise ValueError(
            "input_fn must give features, (features, labels) or (features, labels, "
            f"sample_weights); received {len(element)} elements: {element!r}."
        )
    example = Example(*element)
    features = example.features
    if isinstance(features, Mapping) and set(features) == _WEIGHTED_KEYS:
        return example._replace(
            features=features["features"], sample_weights=features["sample_weights"]
        )
    return example


def _elements(result: Any) -> tuple[Any, ...]:
    """Features, labels and so on; what is None at the end is not there."""
    listed = list(result) if isinstance(result, (list, tuple)) else [result]
    while listed and listed[-1] is None:
        listed.pop()
    if not listed or inspect.isgenerator(listed[0]):
        raise TypeError(
            "input_fn must return a tf.data.Dataset, or features (a tensor, an array or a dict of "
            f"them) with or without labels; it returned {result!r}. For a Python generator see "
            "tf.data.Dataset.from_generator."
        )
    return tuple(listed)


def _tensor(value: Any) -> Any:
    """As a graph tensor; a sparse or ragged one is one already."""
    return value if tf.is_tensor(value) else tf.convert_to_tensor(value)


def _constant(result: Any) -> tf.data.Dataset:
    """The same batch for ever."""
    arrays = tf.nest.map_structure(np.asarray, _elements(result))
    return tf.data.Dataset.from_tensors(arrays).repeat().map(_example)


def _pulled_from_graph(call: Callable[[], Any], seed: int | None) -> tf.data.Dataset:
    """Batches that a session computes, one by one, from graph code."""
    graph = tf.Graph()
    with graph.as_default():
        tf.compat.v1.set_random_seed(seed)  # a graph of its own does not know that of the process
        result = call()
        if isinstance(result, tf.data.Dataset):
            iterator = tf.compat.v1.data.make_initializable_iterator(result)
            tf.compat.v1.add_to_collection(_TABLE_INITIALIZERS, iterator.initializer)
            result = iterator.get_next()
        elements = tf.nest.map_structure(_tensor, _elements(result))
        initializers = _initializers()
    graph.finalize()
    leaves = tf.nest.flatten(elements, expand_composites=True)

    def batches() -> Iterator[tuple[Any, ...]]:
        with _session(graph, initializers) as session:
            fetch = session.make_callable(leaves)
            while True:
                try:
                    yield tuple(fetch())
                except tf.errors.OutOfRangeError:
                    return

    @tf.autograph.experimental.do_not_convert
    def assembled(*values: Any) -> Example:
        example: Example = _example(
            *tf.nest.pack_sequence_as(elements, values, expand_composites=True)
        )
        return example

    signature = tuple(tf.TensorSpec(leaf.shape, leaf.dtype) for leaf in leaves)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.map(assembled).prefetch(tf.data.AUTOTUNE)


def _initializers() -> list[Any]:
    """Operations that ready the default graph's variables, tables and iterators, in order."""
    return [
        tf.compat.v1.global_variables_initializer(),
        tf.compat.v1.local_variables_initializer(),
        tf.group(tf.compat.v1.get_collection(_TABLE_INITIALIZERS)),
    ]


@contextmanager
def _session(graph: tf.Graph, initializers: list[Any]) -> Iterator[Any]:
    """A session on `graph`, ready to run; its queue runners end with it."""
    coordinator = tf.train.Coordinator()
    # Not entered: it is begun and ended in threads of tf.data, whose default graph is their own.
    session = tf.compat.v1.Session(graph=graph)
    try:
        for initializer in initializers:
            session.run(initializer)
        runners = graph.get_collection(tf.compat.v1.GraphKeys.QUEUE_RUNNERS)
        for runner in runners:
            runner.create_threads(session, coord=coordinator, daemon=True, start=True)
        yield session
    finally:
        coordinator.request_stop()
        session.close()
