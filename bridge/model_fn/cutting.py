"""Functions of today's TensorFlow, cut out of a graph of TensorFlow 1."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1
from tensorflow.python.ops.op_selector import UnliftableError

_TIED = "_class"  # next to which operation one lies
_TABLE = "HashTableV2"


_NUMBERS = itertools.count()


class Cutter:
    """Cuts functions out of a graph whose variables live elsewhere.

    Args:
        graph: The graph. It may grow: what has been cut out stays as it is.
        variables: Returns for each variable that the graph declares, by name, the one that has its
            value.
    """

    def __init__(self, graph: Any, variables: Callable[[], Mapping[str, tf.Variable]]) -> None:
        self._graph, self._variables = graph, variables
        self._whole: Any = None
        self._version = -1
        self._number = next(_NUMBERS)
        self._cuts: dict[Any, Any] = {}

    def cut(
        self, fetches: Sequence[Any], feeds: Sequence[Any], cuts: dict[Any, Any] | None = None
    ) -> Callable[..., list[tf.Tensor]]:
        """Returns a function that computes some of the graph, and nothing else.

        Args:
            fetches: Dense tensors and operations; the tensors are answered, in their order.
            feeds: Tensors that are given.
            cuts: Where what is cut out is kept; None: here, for good.

        Raises:
            ValueError: The fetches depend on a placeholder that is not given.
        """
        key = tuple(each.name for each in feeds), tuple(each.name for each in fetches)
        cuts = self._cuts if cuts is None else cuts
        if key not in cuts:
            cuts[key] = self._pruned(fetches, feeds)
        function = cuts[key]
        places = [i for i, fetch in enumerate(fetches) if isinstance(fetch, tf.Tensor)]
        shapes = [fetches[i].shape for i in places]

        def run(*values: Any) -> list[tf.Tensor]:
            if tf.executing_eagerly():
                answers = function(*values)
                return [answers[i] for i in places]
            found = _copied(function, values)
            for answer, shape in zip(found, shapes, strict=True):
                answer.set_shape(shape)  # a copied graph has forgotten what Python knew
            return found

        return run

    def _pruned(self, fetches: Sequence[Any], feeds: Sequence[Any]) -> Any:
        whole = self._imported()
        found = [whole.graph.as_graph_element(each.name) for each in fetches]
        fed = [whole.graph.as_graph_element(each.name) for each in feeds]
        # Named as operations, too, they are waited for by what comes after a call.
        # One operation may answer several tensors.
        operations = {each for each in found if isinstance(each, tf.Operation)}
        computed = dict.fromkeys(each.op for each in found if _is_computed(each))
        awaited = [each for each in computed if each not in operations]
        try:
            return whole.prune(fed, [*found, *awaited])
        except UnliftableError as error:
            names = [each.name for each in fetches]
            raise ValueError(
                f"{names} cannot be computed here: {error} Batches are fed to the steps of "
                "training, evaluation and prediction alone: ask for it in before_run."
            ) from error

    def _imported(self) -> Any:
        """The whole graph as a function, as it is now."""
        if self._version != self._graph.version:
            self._version = self._graph.version
            self._whole = v1.wrap_function(self._import, [])
        return self._whole

    def _import(self) -> list[Any]:
        definition = self._graph.as_graph_def()
        for node in definition.node:
            node.attr.pop(_TIED, None)
            if node.op == _TABLE and node.attr["shared_name"].s:
                # or else what loads an export gives each function a table of its own
                node.attr["use_node_name_sharing"].b = True
                # a file of the same name may hold something else by now
                node.attr["shared_name"].s += f"/{self._number}".encode()
        there = {node.name for node in definition.node}
        handles = {
            f"{name}:0": v1.get_default_graph().capture(variable.handle)
            for name, variable in self._variables().items()
            if name in there
        }
        tf.graph_util.import_graph_def(definition, input_map=handles, name="")
        return []


def _copied(function: Any, values: Sequence[Any]) -> list[tf.Tensor]:
    """What a function does, as a part of the graph that is being traced.

    Not called, but copied: a call would be one more operation that waits, and where training runs
    in one thread, and its data come from Python, two may wait for each other.
    """
    graph, target = function.graph, v1.get_default_graph()
    outside = [target.capture(tensor) for tensor in function.captured_inputs]
    fed = [tf.convert_to_tensor(v, t.dtype) for v, t in zip(values, graph.inputs, strict=False)]
    given = {t.name: v for t, v in zip(graph.inputs, [*fed, *outside], strict=True)}
    computed = [t.name for t in graph.outputs if t.name not in given]
    definition = graph.as_graph_def()
    there_already = {f"^{tensor.op.name}" for tensor in graph.inputs}
    for node in definition.node:
        node.input[:] = [each for each in node.input if each not in there_already]
    used = {name for node in definition.node for name in map(_tensor_name, node.input)}
    there = {name: value for name, value in given.items() if name in used}
    imported = tf.graph_util.import_graph_def(
        definition, input_map=there, return_elements=computed, name="cut"
    )
    found = dict(zip(computed, imported, strict=True))
    return [given[t.name] if t.name in given else found[t.name] for t in graph.outputs]


def _tensor_name(text: str) -> str:
    """As in `inputs` of a node: `x` is `x:0`."""
    return text if ":" in text or text.startswith("^") else f"{text}:0"


def _is_computed(element: Any) -> bool:
    return isinstance(element, tf.Tensor) and element.op.type != "Placeholder"
