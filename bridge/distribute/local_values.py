"""Which values in the graph of a `model_fn` each process has for itself, and which all have alike.

A process's own are those of its rows and of its random numbers, and what is computed of them. What
comes out of a sum over all processes is the same everywhere; so is what is computed of variables,
which a step begins with alike.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_registry

_READS = {"ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VariableShape"}
_ASKS = {*_READS, "VarIsInitializedOp"}
_OWN = {
    *("Placeholder", "PlaceholderWithDefault", "PyFunc", "EagerPyFunc", "PyFuncStateless"),
    *("IteratorGetNext", "QueueDequeueV2", "QueueDequeueManyV2", "Timestamp"),
}
_OPTIMIZES = ("ResourceApply", "ResourceSparseApply")
_WRITES = (*_OPTIMIZES, "Assign", "ResourceScatter", "ResourceStridedSliceAssign")


class LocalValues:
    """What is a process's own in a graph as it is now.

    Args:
        graph: The graph.
        shared: Operations whose outputs are alike.
        drawn: Operations whose outputs are a process's own, beside those that are known to be.
        among: The operations that are looked at; None: all of the graph.

    Attributes:
        variables: Names of the operations of those variables that a process writes what is its own
            into.
    """

    def __init__(
        self,
        graph: Any,
        shared: Iterable[Any],
        drawn: Iterable[Any],
        among: Collection[Any] | None = None,
    ) -> None:
        self._graph, self._shared = graph, set(shared)
        self._own: set[Any] = set(drawn)
        self.variables: set[str] = set()
        every = [op for op in graph.get_operations() if among is None or op in among]
        counted = -1
        while counted != (counted := len(self._own) + len(self.variables)):
            for operation in every:
                self._look_at(operation)

    def __contains__(self, value: Any) -> bool:
        """Whether a tensor, or `tf.IndexedSlices`, is a process's own."""
        parts = tf.nest.flatten(value, expand_composites=True)
        return any(part.op in self._own for part in parts if part is not None)

    def optimizes_with_own(self, operations: Iterable[Any]) -> list[str]:
        """Names of operations among these that are an optimizer's update by what is own."""
        return [
            op.name
            for op in operations
            if _does(op, _OPTIMIZES) and any(t.op in self._own for t in op.inputs)
        ]

    def _look_at(self, operation: Any) -> None:
        if operation in self._shared:
            return
        variables = [t.op.name for t in operation.inputs if is_variable(t)]
        given = any(tensor.op in self._own for tensor in operation.inputs)
        reads_own = any(name in self.variables for name in variables)
        if given or reads_own or is_drawn(operation):
            self._own.add(operation)
            if _does(operation, _WRITES):
                self.variables.update(variables)


def writers(operations: Iterable[Any]) -> dict[str, list[Any]]:
    """The operations that may change a variable, by the name of its operation."""
    found: dict[str, list[Any]] = {}
    for operation in operations:
        if operation.type not in _ASKS:
            for tensor in operation.inputs:
                if is_variable(tensor):
                    found.setdefault(tensor.op.name, []).append(operation)
    return found


def needed_for(operations: Iterable[Any]) -> set[Any]:
    """All operations that run when these do."""
    waiting, seen = list(operations), set()
    while waiting:
        operation = waiting.pop()
        if operation not in seen:
            seen.add(operation)
            waiting += [*(each.op for each in operation.inputs), *operation.control_inputs]
    return seen


def is_variable(tensor: Any) -> bool:
    """Whether a tensor stands for a variable."""
    return bool(tensor.dtype == tf.resource and tensor.op.type == "VarHandleOp")


def is_drawn(operation: Any) -> bool:
    """Whether it is fed, or answers with random numbers."""
    return any(_draws(each) for each in _types(operation))


@cache
def _draws(kind: str) -> bool:
    definition = op_def_registry.get(kind)
    if kind in _OWN or definition is None:
        return kind in _OWN
    return definition.is_stateful and any(attr.name == "seed" for attr in definition.attr)


def _does(operation: Any, kinds: tuple[str, ...]) -> bool:
    return any(each.startswith(kinds) for each in _types(operation))


def _types(operation: Any) -> set[str]:
    """The type of an operation, and those in the functions that it calls."""
    found, seen = {operation.type}, set[str]()
    names = _called(operation.node_def) if _calls(operation.type) else []
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        function = operation.graph._get_function(name)
        if function is None:
            continue
        for node in function.cached_definition.node_def:
            found.add(node.op)
            names += _called(node)
    return found


@cache
def _calls(kind: str) -> bool:
    """Whether operations of a type call functions; those are few, and to ask each takes long."""
    definition = op_def_registry.get(kind)
    return definition is None or any(
        attr.type in ("func", "list(func)") for attr in definition.attr
    )


def _called(node: Any) -> list[str]:
    found = []
    for value in node.attr.values():
        if value.HasField("func"):
            found.append(value.func.name)
        found += [each.name for each in value.list.func]
    return found
