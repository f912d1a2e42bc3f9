"""Lookups of columns that read one value of each example, without sparse tensors in between.

To the columns' own code an example has any number of values: it sorts out which are there, looks
them up and combines those of an example. Of one value nothing remains to be combined, and a step
takes a fraction of the time.
"""

from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from kerasrun.bridge.feature_columns.shared_embeddings import SharedEmbeddingColumn

_TABLE = "embedding_weights"  # as embedding columns call it
_READS_ONE_FEATURE = (
    fc.HashedCategoricalColumn,
    fc.IdentityCategoricalColumn,
    fc.VocabularyFileCategoricalColumn,
    fc.VocabularyListCategoricalColumn,
)


def embedded(column: Any, cache: Any, state: Any) -> Any:
    """The values of an embedding column whose categorical column reads one value; else None."""
    if isinstance(column, SharedEmbeddingColumn):
        table = state.get_shared_variable(column.collection_name, _TABLE)
    elif isinstance(column, fc.EmbeddingColumn):
        table = state.get_variable(column, _TABLE)
    else:
        return None
    if column.max_norm is not None:
        return None
    return rows_of(column.categorical_column, table, cache, state)


def rows_of(categorical: Any, table: Any, cache: Any, state: Any) -> Any:
    """Looks up the rows of a table, if a column reads one dense value of each example.

    Args:
        categorical: A categorical column.
        table: A variable, `[buckets, n]`.
        cache: The features, as columns take them.
        state: The columns' state.

    Returns:
        `[batch, n]`, zeros where a value is missing; None if the column is none of these.
    """
    found = _ids(categorical, cache, state)
    if found is None:
        return None
    ids, is_there = found
    rows = tf.gather(table, tf.where(is_there, ids, tf.zeros_like(ids)))
    return tf.where(is_there[:, tf.newaxis], rows, tf.zeros_like(rows))


def _ids(categorical: Any, cache: Any, state: Any) -> tuple[Any, Any] | None:
    """Ids `[batch]`, and whether there is one."""
    if not isinstance(categorical, _READS_ONE_FEATURE):
        return None
    feature = cache.get(categorical.key, state)
    if isinstance(feature, tf.SparseTensor) or feature.shape.rank != 2 or feature.shape[1] != 1:
        return None
    values = tf.reshape(feature, [-1])
    missing = "" if values.dtype == tf.string else tf.constant(-1, values.dtype)
    is_there = tf.not_equal(values, missing)
    if values.dtype != tf.string:  # some columns refuse -1
        values = tf.where(is_there, values, tf.zeros_like(values))
    places = tf.range(tf.size(values, tf.int64))
    of_all = tf.SparseTensor(
        tf.stack([places, tf.zeros_like(places)], axis=1),
        values,
        tf.shape(feature, tf.int64),
    )
    alone = fc.FeatureTransformationCache({categorical.key: of_all})
    ids = categorical.get_sparse_tensors(alone, state).id_tensor.values
    return ids, is_there & (ids >= 0)
