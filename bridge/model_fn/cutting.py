"""Functions of today's TensorFlow, cut out of a graph of TensorFlow 1."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1
from tensorflow.python.ops.op_selector import UnliftableError

_TIED = "_class"  # next to which operation one lies


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
        self._cuts: dict[Any, Any] = {}

    def cut(self, fetches: Sequence[Any], feeds: Sequence[Any]) -> Callable[..., list[tf.Tensor]]:
        """Returns a function that computes some of the graph, and nothing else.

        Args:
            fetches: Dense tensors and operations; the tensors are answered, in their order.
            feeds: Tensors that are given.

        Raises:
            ValueError: The fetches depend on a placeholder that is not given.
        """
        key = tuple(each.name for each in feeds), tuple(each.name for each in fetches)
        if key not in self._cuts:
            self._cuts[key] = self._pruned(fetches, feeds)
        function = self._cuts[key]
        places = [i for i, fetch in enumerate(fetches) if isinstance(fetch, tf.Tensor)]
        shapes = [fetches[i].shape for i in places]

        def run(*values: Any) -> list[tf.Tensor]:
            answers = function(*values)
            found = [answers[i] for i in places]
            if not tf.executing_eagerly():  # a copied graph has forgotten what Python knew
                for answer, shape in zip(found, shapes, strict=True):
                    answer.set_shape(shape)
            return found

        return run

    def _pruned(self, fetches: Sequence[Any], feeds: Sequence[Any]) -> Any:
        whole = self._imported()
        found = [whole.graph.as_graph_element(each.name) for each in fetches]
        fed = [whole.graph.as_graph_element(each.name) for each in feeds]
        # Named as operations, too, they are waited for by what comes after a call.
        # One operation may answer several tensors.
        awaited = list(dict.fromkeys(each.op for each in found if _is_computed(each)))
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
        there = {node.name for node in definition.node}
        handles = {
            f"{name}:0": v1.get_default_graph().capture(variable.handle)
            for name, variable in self._variables().items()
            if name in there
        }
        tf.graph_util.import_graph_def(definition, input_map=handles, name="")
        return []


def _is_computed(element: Any) -> bool:
    return isinstance(element, tf.Tensor) and element.op.type != "Placeholder"
