"""Lookup tables that a `serving_input_receiver_fn` makes: found, filled, and fit to be saved.

Within a traced function TensorFlow makes a table at once, but only notes how to fill it, as graphs
of TensorFlow 1 did (the collection of table initialisers). A SavedModel wants it the other way: an
object that knows how to fill its table.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import tensorflow as tf
from tensorflow.python.trackable import resource as tf_resource

_MUTABLE = (
    tf.lookup.experimental.MutableHashTable,
    tf.lookup.experimental.DenseHashTable,
)


class ResourceLog:
    """Notes the resources that are made while it is entered."""

    def __init__(self) -> None:
        self._tracker = tf_resource.ResourceTracker()
        self._scope = tf_resource.resource_tracker_scope(self._tracker)

    def __enter__(self) -> Self:
        """Begins to note."""
        self._scope.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        """Stops."""
        self._scope.__exit__(*exception)

    @property
    def resources(self) -> list[Any]:
        """What was made, in order."""
        return list(self._tracker.resources)


def trackable_tables(
    wrapped: Any, made: Iterable[Any], serving_input_receiver_fn: Callable[..., Any]
) -> list[Any]:
    """Returns the tables of a traced function, filled, each able to fill itself when it is loaded.

    Args:
        wrapped: What `tf.compat.v1.wrap_function` answered.
        made: The resources that were made meanwhile.
        serving_input_receiver_fn: The function: tables that it only refers to are found by it.

    Raises:
        ValueError: A table is of a kind that is filled at run time.
    """
    tables: list[Any] = []
    for table in made:
        if isinstance(table, _MUTABLE):
            raise ValueError(
                f"serving_input_receiver_fn makes a {type(table).__name__}, whose content would be "
                "lost in an export. Use tf.lookup.StaticHashTable or StaticVocabularyTable."
            )
        if not any(table.resource_handle is known.resource_handle for known in tables):
            _fill(wrapped, table)
            tables.append(table)
    return [*tables, *_referred_tables(serving_input_receiver_fn)]


def _fill(wrapped: Any, table: Any) -> None:
    initializer = _initializer(wrapped.graph, table.resource_handle)
    if initializer is None:
        return
    fill = wrapped.prune([], initializer)
    fill()
    # The table's own way leads to tensors of the traced graph, which no other graph may use.
    table._initialize = fill


def _initializer(graph: Any, handle: Any) -> Any:
    """The operation, among the noted ones, that fills the table of this handle."""
    inner = [inside for outside, inside in graph.captures if outside is handle]
    noted = graph.get_collection(tf.compat.v1.GraphKeys.TABLE_INITIALIZERS)
    for operation in noted:
        # Of a table that was made and filled at once, nothing is noted.
        if (
            inner
            and operation is not None
            and any(tensor is inner[0] for tensor in operation.inputs)
        ):
            return operation
    return None


def _referred_tables(function: Callable[..., Any]) -> Iterator[Any]:
    """The tables that a function uses of its surroundings, if it is a plain function."""
    if not inspect.isfunction(function):
        return
    names = inspect.getclosurevars(function)
    for value in {**names.globals, **names.nonlocals}.values():
        if isinstance(value, tf.saved_model.experimental.TrackableResource):
            yield value
