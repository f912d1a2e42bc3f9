"""One call of a `model_fn`: the graph that it built, and functions cut out of it."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import keras
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.cutting import Cutter
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.model_fn.shared_variables import (
    SharedVariables,
    declared_variables,
    declaring,
)
from kerasrun.bridge.model_fn.sharing import SharedTrace, Sharing
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.bridge.symbols import is_nothing

SINGLE_OUTPUT = "output"
# They have states, and leave them as they are.
_REPEATABLE = (
    *("VarHandleOp", "ReadVariableOp", "ResourceGather", "VarIsInitializedOp", "HashTableV2"),
    *("LookupTableFindV2", "LookupTableSizeV2", "Placeholder"),
)
_Keys = v1.GraphKeys


class Trace:
    """The graph of a `model_fn` for one mode and one structure of batches.

    Args:
        call: Takes features and labels, graph tensors, and returns the `EstimatorSpec`.
        batch: The `tf.TensorSpec`s of a batch.
        variables: Those that have the values of what it declares.
        seed: Of the graph's random numbers.
        sharing: How several processes share the training; None: there is one.

    Attributes:
        spec: What it returned.
        graph: What it built.
        shared: How several processes share its steps; None: there is one.
    """

    def __init__(
        self,
        call: Callable[[Any, Any], EstimatorSpec],
        batch: Example,
        variables: SharedVariables,
        seed: int | None,
        sharing: Sharing | None = None,
    ) -> None:
        self._variables, self._batch = variables, batch
        self.graph = tf.Graph()
        self.shared: SharedTrace | None = None
        if sharing is not None:
            seed, self.shared = sharing.seed(seed), sharing.of_graph(self.graph)
        with declaring(self.graph), _seeded(seed):
            v1.set_random_seed(seed)
            v1.train.create_global_step()
            features, labels, self._feeds = _placeholders(batch)
            if self.shared is not None:
                features, labels = self.shared.own(features, labels)
            with nullcontext() if self.shared is None else self.shared.building():
                self.spec = call(features, labels)
            self._name_usual_tensors()
        self._cutter = Cutter(self.graph, lambda: variables.by_name)
        self._derived: dict[str, Any] = {}
        self._filled: set[str] = set()
        self.added()

    def added(self) -> None:
        """Makes the variables, and fills the lookup tables, that have been added to the graph."""
        self._variables.add(self.graph)
        noted = self.graph.get_collection(_Keys.TABLE_INITIALIZERS)
        tables = [each for each in noted if each is not None and each.name not in self._filled]
        if tables:
            self.cut(tables, of_batch=False)()
            self._filled.update(each.name for each in tables)

    @contextmanager
    def extended(self) -> Iterator[None]:
        """Within it operations and variables are added to the graph."""
        with declaring(self.graph):
            yield
        self.added()

    def variables(self, *kinds: str) -> dict[str, tf.Variable]:
        """The variables in these collections, by name."""
        by_name = self._variables.by_name
        return {name: by_name[name] for name in declared_variables(self.graph, *kinds)}

    def cut(
        self,
        fetches: Sequence[Any],
        feeds: Sequence[Any] = (),
        *,
        of_batch: bool = True,
        cuts: dict[Any, Any] | None = None,
    ) -> Callable[..., list[tf.Tensor]]:
        """Returns a function that computes some of the graph; see `Cutter.cut`.

        Args:
            fetches: Dense tensors and operations of the graph.
            feeds: Tensors that are given.
            of_batch: Whether the batch is given before them, flat.
            cuts: Where what is cut out is kept; None: for good.
        """
        return self._cutter.cut(fetches, [*(self._feeds if of_batch else ()), *feeds], cuts)

    def flat(self, batch: Example) -> list[Any]:
        """The tensors of a batch as a function that was cut takes them."""
        given = (batch.features, batch.labels)
        wanted = (self._batch.features, self._batch.labels)
        tf.nest.assert_same_structure(wanted, given, expand_composites=False)
        leaves = tf.nest.flatten(given, expand_composites=True)
        return [leaf for leaf in leaves if leaf is not None]

    def derived(self, name: str, make: Callable[["Trace"], Any]) -> Any:
        """What `make` makes of the trace, adding to its graph; made once."""
        if name not in self._derived:
            with self.extended():
                self._derived[name] = make(self)
        return self._derived[name]

    def element(self, given: Any) -> Any:
        """A tensor, operation or variable, by itself or by its name.

        Raises:
            KeyError: There is none of this name.
        """
        given = given.value if isinstance(given, keras.Variable) else given
        name = given.op.name if isinstance(given, tf.Variable) else given
        if isinstance(name, str) and name.removesuffix(":0") in self._variables.by_name:
            return self._variables.by_name[name.removesuffix(":0")]
        try:
            return self.graph.as_graph_element(given)
        except KeyError:
            names = [each.name for each in self.graph.get_operations()]
            hint = did_you_mean(str(given).removesuffix(":0"), names)
            raise KeyError(f"The graph of model_fn has no {given!r}.{hint}") from None

    def is_apart(self, element: Any, feeds: Sequence[Any], cuts: dict[Any, Any]) -> bool:
        """Whether it can be computed without a batch, and twice without harm."""
        if not _is_repeatable(element):
            return False
        try:
            self.cut([element], feeds, of_batch=False, cuts=cuts)
        except ValueError:
            return False
        return True

    def _name_usual_tensors(self) -> None:
        """Programs ask for the loss by this name."""
        there = {each.name for each in self.graph.get_operations()}
        if self.spec.loss is not None and "loss" not in there:
            tf.identity(self.spec.loss, name="loss/")  # with a slash: this very name


@contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    """Within it Keras, which draws its seeds from Python's random numbers, draws the same."""
    state = random.getstate()
    if seed is not None:
        random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _placeholders(batch: Example) -> tuple[Any, Any, list[tf.Tensor]]:
    """Features and labels (None where there are none) of a graph, and what is fed for them."""
    structure = (batch.features, None if is_nothing(batch.labels) else batch.labels)
    leaves = tf.nest.flatten(structure, expand_composites=True)
    tensors = [
        v1.placeholder(leaf.dtype, leaf.shape) if isinstance(leaf, tf.TensorSpec) else None
        for leaf in leaves
    ]
    features, labels = tf.nest.pack_sequence_as(structure, tensors, expand_composites=True)
    return features, labels, [tensor for tensor in tensors if tensor is not None]


def _is_repeatable(element: Any) -> bool:
    """Whether nothing that it is computed of has a state of its own, but variables and tables."""
    waiting, seen = [element.op if isinstance(element, tf.Tensor) else element], set()
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        if operation.op_def.is_stateful and operation.type not in _REPEATABLE:
            return False
        waiting += [*(each.op for each in operation.inputs), *operation.control_inputs]
    return True


def named(predictions: Any) -> Mapping[str, tf.Tensor]:
    """Predictions by name; a bare tensor is called `output`."""
    return predictions if isinstance(predictions, Mapping) else {SINGLE_OUTPUT: predictions}
