"""Embeddings that several categorical columns have in common."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc
from tensorflow.python.feature_column import serialization


def shared_embeddings(
    categorical_columns: Sequence[Any],
    dimension: int,
    combiner: str = "mean",
    initializer: Callable[..., Any] | None = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
    use_safe_embedding_lookup: bool = True,
) -> list[Any]:
    """Columns that look up one table; `tf.feature_column.shared_embeddings`, which refuses to here.

    The table is shared by the columns of one layer. Each layer has a table of its own.

    Args:
        categorical_columns: Columns of one kind with the same number of buckets; they may be
            weighted, or of sequences.
        dimension: Width of the table, at least 1.
        combiner: How the values of one example are put together: `mean`, `sqrtn` or `sum`.
        initializer: The table's first values; a truncated normal of deviation
            `1 / sqrt(dimension)` where there is none.
        shared_embedding_collection_name: The table's name; made of the columns' where there is
            none.
        ckpt_to_load_from: A checkpoint that the table's first values come from.
        tensor_name_in_ckpt: What they are called there.
        max_norm: Rows longer than that are shortened to it before they are combined.
        trainable: Whether the table is trained.
        use_safe_embedding_lookup: Whether invalid ids and empty examples are looked for.

    Returns:
        A dense column for each categorical column, in their order.

    Raises:
        ValueError: The columns are not alike, or a setting is not as described.
    """
    with tf.Graph().as_default():  # nothing is made in it; TensorFlow asks for one
        columns = tf.feature_column.shared_embeddings(
            categorical_columns,
            dimension,
            combiner=combiner,
            initializer=initializer,
            shared_embedding_collection_name=shared_embedding_collection_name,
            ckpt_to_load_from=ckpt_to_load_from,
            tensor_name_in_ckpt=tensor_name_in_ckpt,
            max_norm=max_norm,
            trainable=trainable,
            use_safe_embedding_lookup=use_safe_embedding_lookup,
        )
    return [of_any_mode(column) for column in columns]


class _Fields(NamedTuple):
    categorical_column: Any
    collection_name: str
    dimension: int
    combiner: str
    initializer: Any
    ckpt_to_load_from: str | None
    tensor_name_in_ckpt: str | None
    max_norm: float | None
    trainable: bool
    use_safe_embedding_lookup: bool


class SharedEmbeddingColumn(fc.DenseColumn, fc.SequenceDenseColumn, _Fields):
    """One column of `shared_embeddings`; its table is found by `collection_name`."""

    _is_v2_column = True

    @property
    def name(self) -> str:
        """As `tf.feature_column.shared_embeddings` calls it."""
        return f"{self.categorical_column.name}_shared_embedding"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The categorical column's."""
        spec: dict[str, Any] = self.categorical_column.parse_example_spec
        return spec

    @property
    def variable_shape(self) -> tf.TensorShape:
        """Of one example: `[dimension]`."""
        return tf.TensorShape([self.dimension])

    @property
    def parents(self) -> list[Any]:
        """The categorical column."""
        return [self.categorical_column]

    def transform_feature(self, transformation_cache: Any, state_manager: Any) -> Any:
        """Transforms the categorical column."""
        return transformation_cache.get(self.categorical_column, state_manager)

    def create_state(self, state_manager: Any) -> None:
        """Makes the table, unless another column of the collection has."""
        self._embedding().create_state(_OfCollection(state_manager, self.collection_name))

    def get_dense_tensor(self, transformation_cache: Any, state_manager: Any) -> Any:
        """What is looked up, float32 `[batch, dimension]`."""
        state = _OfCollection(state_manager, self.collection_name)
        return self._embedding().get_dense_tensor(transformation_cache, state)

    def get_sequence_dense_tensor(self, transformation_cache: Any, state_manager: Any) -> Any:
        """What is looked up, float32 `[batch, steps, dimension]`, and each example's steps."""
        state = _OfCollection(state_manager, self.collection_name)
        return self._embedding().get_sequence_dense_tensor(transformation_cache, state)

    def get_config(self) -> dict[str, Any]:
        """The fields, as JSON has them."""
        return {
            **self._asdict(),
            "categorical_column": serialization.serialize_feature_column(self.categorical_column),
            "initializer": self._embedding().get_config()["initializer"],
        }

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: dict[str, Any] | None = None,
        columns_by_name: dict[str, Any] | None = None,
    ) -> "SharedEmbeddingColumn":
        """Makes a column of what `get_config` returned."""
        alone = {name: value for name, value in config.items() if name != "collection_name"}
        embedding = fc.EmbeddingColumn.from_config(alone, custom_objects, columns_by_name)
        return cls(collection_name=config["collection_name"], **embedding._asdict())

    def _embedding(self) -> Any:
        fields = self._asdict()
        del fields["collection_name"]
        return fc.EmbeddingColumn(**fields)


def of_any_mode(column: Any) -> Any:
    """Returns TensorFlow's own shared column as one of ours, and any other as it is.

    TensorFlow's finds its table by the graph that it was declared in, of which there is none here.
    """
    if not isinstance(column, fc.SharedEmbeddingColumn):
        return column
    creator = column.shared_embedding_column_creator
    return SharedEmbeddingColumn(
        categorical_column=column.categorical_column,
        collection_name=creator._name,
        dimension=creator.dimension,
        combiner=column.combiner,
        initializer=creator._initializer,
        ckpt_to_load_from=creator._ckpt_to_load_from,
        tensor_name_in_ckpt=creator._tensor_name_in_ckpt,
        max_norm=column.max_norm,
        trainable=creator._trainable,
        use_safe_embedding_lookup=column.use_safe_embedding_lookup,
    )


class _OfCollection(fc.StateManager):
    """Reaches the collection's table where an embedding column asks for its own."""

    def __init__(self, state: Any, collection_name: str) -> None:
        self._state, self._name = state, collection_name

    def create_variable(self, feature_column: Any, name: str, **settings: Any) -> None:
        self._state.create_shared_variable(self._name, name, **settings)

    def get_variable(self, feature_column: Any, name: str) -> Any:
        return self._state.get_shared_variable(self._name, name)

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        self._state.add_resource(feature_column, name, resource)

    def has_resource(self, feature_column: Any, name: str) -> bool:
        return bool(self._state.has_resource(feature_column, name))

    def get_resource(self, feature_column: Any, name: str) -> Any:
        return self._state.get_resource(feature_column, name)
