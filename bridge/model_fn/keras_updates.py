"""What Keras layers, optimizers and metrics inside a `model_fn` change.

In a graph of TensorFlow 1 an operation runs if somebody asks for it, or for what depends on it.
Keras 3 counts on it that what it does happens, in the order in which it does it: a layer that
updates its moving averages tells nobody. Here those operations are found by who has made them, and
put into order.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

_KERAS = os.path.dirname(keras.__file__) + os.sep
_TENSORFLOW = os.path.dirname(tf.__file__) + os.sep
_READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VariableShape")


class KerasUpdates:
    """The operations of Keras on variables of a graph.

    Args:
        graph: The graph. Operations are put into order as soon as they are found.
        variables: The variables that it declares, by name.
    """

    def __init__(self, graph: Any, variables: Mapping[str, Any]) -> None:
        self._names = {v.handle.name: name for name, v in variables.items()}
        initializers = {v.initializer.name for v in variables.values()}
        self._written: dict[str, Any] = {}
        self._read: dict[str, list[Any]] = {}
        self._writers: list[tuple[Any, list[str]]] = []
        for operation in graph.get_operations():
            if operation.name not in initializers:
                self._place(operation)

    def of(self, names: Iterable[str]) -> list[Any]:
        """The operations that change variables of these names."""
        wanted = set(names)
        return [op for op, changed in self._writers if wanted.intersection(changed)]

    def _place(self, operation: Any) -> None:
        touched = [self._names[t.name] for t in operation.inputs if t.name in self._names]
        if not touched or not _made_by_keras(operation):
            return
        if operation.type in _READS:
            for name in touched:
                self._after(operation, [self._written.get(name)])
                self._read.setdefault(name, []).append(operation)
            return
        for name in touched:
            self._after(operation, [self._written.get(name), *self._read.pop(name, [])])
            self._written[name] = operation
        self._writers.append((operation, touched))

    @staticmethod
    def _after(operation: Any, others: Iterable[Any]) -> None:
        found = [other for other in others if other is not None and other is not operation]
        if found:
            operation._add_control_inputs(found)


def _made_by_keras(operation: Any) -> bool:
    """Whether Keras has made it: whether Keras is who called TensorFlow."""
    return next(_callers(operation), "").startswith(_KERAS)


def _callers(operation: Any) -> Iterator[str]:
    for frame in reversed(operation.traceback or ()):
        if not frame.filename.startswith(_TENSORFLOW):
            yield frame.filename
