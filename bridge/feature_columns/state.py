"""Weights and lookup tables of feature columns, held by a Keras layer."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc


class LayerState(fc.StateManager):
    """Makes a layer's weights of what the columns ask for, and keeps their tables.

    Weights belong to the columns of a layer, each of which has a name of its own. Tables belong to
    columns inside of them, known by class and fields: of different classes they may be equal.

    Args:
        layer: The layer that owns all of it.
    """

    def __init__(self, layer: keras.Layer) -> None:
        self._layer = layer
        self._variables: dict[tuple[str, ...], keras.Variable] = {}
        self._tables: dict[tuple[Any, ...], Any] = {}

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Callable[..., Any] | None = None,
    ) -> keras.Variable:
        """Adds a weight to the layer, named in the present name scope.

        Args:
            feature_column: The column that it belongs to.
            name: What the column calls it.
            shape: Its shape.
            dtype: Its dtype; float32 where there is none.
            trainable: Whether it is trained, while the layer is.
            use_resource: Ignored; it always is a resource.
            initializer: Its first values, by Keras or TensorFlow, of either version.

        Raises:
            ValueError: The column has a weight of that name.
        """
        key = (feature_column.name, name)
        if key in self._variables:
            raise ValueError(f"The column {feature_column.name!r} has a weight {name!r} already.")
        return self._create(key, name, shape, dtype, trainable, initializer)

    def get_variable(self, feature_column: Any, name: str) -> Any:
        """A weight that `create_variable` made, as TensorFlow's variable."""
        return self._variables[feature_column.name, name].value

    def create_shared_variable(
        self,
        collection_name: str,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Callable[..., Any] | None = None,
    ) -> None:
        """Adds a weight of a collection of columns, unless there is one; see `create_variable`.

        Raises:
            ValueError: There is one of another shape.
        """
        key = ("shared", collection_name, name)
        if key not in self._variables:
            self._create(key, name, shape, dtype, trainable, initializer)
        elif tuple(self._variables[key].shape) != tuple(shape):
            raise ValueError(
                f"Columns of the collection {collection_name!r} share one table, but one asks for "
                f"the shape {tuple(self._variables[key].shape)} and another for {tuple(shape)}. "
                "Give each call of shared_embeddings a shared_embedding_collection_name."
            )

    def get_shared_variable(self, collection_name: str, name: str) -> Any:
        """A weight that `create_shared_variable` made, as TensorFlow's variable."""
        return self._variables["shared", collection_name, name].value

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> Any:
        """Keeps a lookup table; saving the layer saves it."""
        self._tables[(*_key(feature_column), name)] = resource
        self._layer.lookup_tables = [one for t in self._tables.values() for one in _with_inner(t)]
        return resource

    def has_resource(self, feature_column: Any, name: str) -> bool:
        """Whether `add_resource` has kept one by this name."""
        return (*_key(feature_column), name) in self._tables

    def get_resource(self, feature_column: Any, name: str) -> Any:
        """What `add_resource` has kept."""
        return self._tables[(*_key(feature_column), name)]

    def _create(
        self,
        key: tuple[str, ...],
        name: str,
        shape: Any,
        dtype: Any,
        trainable: bool,
        initializer: Callable[..., Any] | None,
    ) -> keras.Variable:
        variable = keras.Variable(
            _first_values(initializer),
            shape=tuple(shape),
            dtype=tf.as_dtype(dtype or tf.float32).name,
            trainable=trainable,
            autocast=False,
            name=name,
        )
        self._layer._track_variable(variable)
        self._layer._track_trackable(variable, "/".join(key))  # for tf.train.Checkpoint
        self._variables[key] = variable
        return variable


def _key(column: Any) -> tuple[Any, ...]:
    return (type(column).__name__, column)


def _with_inner(table: Any) -> list[Any]:
    """A table and, where it adds buckets to another, that one: it holds the vocabulary's file."""
    inner = getattr(table, "_table", None)
    return [table] if inner is None else [table, inner]


def _first_values(initializer: Callable[..., Any] | None) -> Callable[..., Any]:
    """An initializer that Keras can call: TensorFlow's want their own dtypes."""
    if initializer is None:
        return _first_values(keras.initializers.GlorotUniform())

    def call(shape: Any, dtype: Any = None) -> Any:
        return initializer(shape, dtype=tf.as_dtype(dtype or tf.float32))

    return call
