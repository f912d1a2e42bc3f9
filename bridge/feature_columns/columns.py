"""What a list of feature columns may hold, and what its columns are made of."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tensorflow.python.feature_column import feature_column_v2 as fc
from tensorflow.python.feature_column import sequence_feature_column as sequence_fc

from kerasrun.bridge.feature_columns.dimension import embedding_dimension
from kerasrun.bridge.feature_columns.shared_embeddings import SharedEmbeddingColumn, of_any_mode

_INVALID_IN_SCOPES = re.compile(r"[^A-Za-z0-9_.\-]")


def listed(feature_columns: Any) -> list[Any]:
    """Returns feature columns in the order of their names, as the original evaluates them.

    Raises:
        TypeError: They are no list of feature columns.
        ValueError: There are none, or two have one name.
    """
    if isinstance(feature_columns, fc.fc_types.FeatureColumn):
        feature_columns = [feature_columns]
    if isinstance(feature_columns, (Mapping, str)) or not isinstance(feature_columns, Iterable):
        raise TypeError(
            "feature_columns must be a list of feature columns, as tf.feature_column declares "
            f"them; received {feature_columns!r}."
        )
    by_name: dict[str, Any] = {}
    for position, column in enumerate(feature_columns):
        _check_is_column(position, column)
        if column.name in by_name:
            raise ValueError(
                f"Two feature columns have the name {column.name!r}: {by_name[column.name]} and "
                f"{column}. A name follows from the feature's key: leave one of them out, or give "
                "the feature a second time, by another key."
            )
        by_name[column.name] = _with_made_initializer(of_any_mode(column))
    if not by_name:
        raise ValueError("feature_columns is empty; at least one feature column is needed.")
    return [by_name[name] for name in sorted(by_name)]


def check_dense(columns: Iterable[Any], layer: str) -> None:
    """Compares columns with what a layer of dense columns can take.

    Args:
        columns: Feature columns.
        layer: What the layer is called in errors.

    Raises:
        ValueError: A column is categorical, or of sequences.
    """
    for column in columns:
        if is_sequence(column):
            raise ValueError(
                f"{layer} takes no columns of sequences, and {column.name!r} is one. Give it to "
                "SequenceFeatures, or declare it without `sequence_`."
            )
        if not isinstance(column, fc.DenseColumn):
            raise ValueError(f"{layer} takes dense columns. {_mend_of_categorical(column)}")


def check_sequences(columns: Iterable[Any]) -> None:
    """Compares columns with what `SequenceFeatures` can take.

    Raises:
        ValueError: A column is not of sequences, or it is categorical.
    """
    for column in columns:
        if isinstance(column, fc.CategoricalColumn):
            raise ValueError(
                f"SequenceFeatures takes dense columns. {_mend_of_categorical(column)}"
            )
        if not is_sequence(column):
            raise ValueError(
                f"SequenceFeatures takes columns of sequences, and {column.name!r} is none. "
                "Declare it by a tf.feature_column.sequence_… function, or give it to "
                "FeatureColumns."
            )


def check_linear(columns: Iterable[Any]) -> None:
    """Compares columns with what `LinearModel` can take.

    Raises:
        ValueError: A column is of sequences, or neither categorical nor dense.
    """
    check_dense([c for c in columns if not isinstance(c, fc.CategoricalColumn)], "LinearModel")
    for column in columns:
        if isinstance(column, fc.SequenceCategoricalColumn):
            check_dense([column], "LinearModel")


def is_sequence(column: Any) -> bool:
    """Whether a column is of sequences, itself or the categorical column that it wraps."""
    kinds = (sequence_fc.SequenceNumericColumn, fc.SequenceCategoricalColumn)
    return isinstance(column, kinds) or isinstance(
        getattr(column, "categorical_column", None), fc.SequenceCategoricalColumn
    )


def leaves(column: Any) -> Iterator[Any]:
    """The columns, and the keys in crosses, that read features themselves."""
    parents = [] if isinstance(column, str) else column.parents
    nested = [one for one in parents if not isinstance(one, str)]
    if isinstance(column, fc.CrossedColumn):
        nested = list(column.keys)
    if not nested or isinstance(column, fc.WeightedCategoricalColumn):
        yield column
    for one in nested:
        yield from leaves(one)


def scope_name(column: Any) -> str:
    """The part of a weight's path that stands for its column."""
    shared = isinstance(column, SharedEmbeddingColumn)
    return _INVALID_IN_SCOPES.sub("_", column.collection_name if shared else column.name)


def _check_is_column(position: int, column: Any) -> None:
    if isinstance(column, fc.fc_types.FeatureColumn):
        return
    mend = "Declare it by a function of tf.feature_column."
    if isinstance(column, str):
        mend = f"Declare it, as tf.feature_column.numeric_column({column!r})."
    elif isinstance(column, (list, tuple)):
        mend = "Give one list; add lists together with `+`."
    raise TypeError(
        f"feature_columns[{position}] is no feature column: {column!r}, of type "
        f"{type(column).__name__}. {mend}"
    )


def _with_made_initializer(column: Any) -> Any:
    """A column whose initializer is no class: `tf.ones_initializer` serves as what it makes."""
    initializer = getattr(column, "initializer", None)
    return column._replace(initializer=initializer()) if inspect.isclass(initializer) else column


def _mend_of_categorical(column: Any) -> str:
    if not isinstance(column, fc.CategoricalColumn):
        return f"{column.name!r} is a {type(column).__name__}, which is none."
    dimension = embedding_dimension(column.num_buckets)
    return (
        f"{column.name!r} is categorical: wrap it in tf.feature_column.indicator_column(…), or in "
        f"tf.feature_column.embedding_column(…, dimension={dimension})."
    )
