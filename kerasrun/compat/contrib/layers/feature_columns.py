"""The columns of `tf.contrib.layers`, as those of `tf.feature_column` that mean the same."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

_COLUMNS = v1.feature_column
_LOGGER = logging.getLogger("tensorflow")


def real_valued_column(
    column_name: str,
    dimension: int = 1,
    default_value: Any = None,
    dtype: Any = tf.float32,
    normalizer: Callable[[Any], Any] | None = None,
) -> Any:
    """Returns a `numeric_column` of so many values.

    Raises:
        ValueError: `dimension` is None: columns of unknown size are not supported.
    """
    if dimension is None:
        raise ValueError(
            f"real_valued_column({column_name!r}): dimension must be a whole number; received None."
        )
    return _COLUMNS.numeric_column(column_name, (dimension,), default_value, dtype, normalizer)


def bucketized_column(source_column: Any, boundaries: Sequence[float]) -> Any:
    """Returns a `bucketized_column`."""
    return _COLUMNS.bucketized_column(source_column, list(boundaries))


def sparse_column_with_hash_bucket(
    column_name: str, hash_bucket_size: int, combiner: str = "sum", dtype: Any = tf.string
) -> Any:
    """Returns a `categorical_column_with_hash_bucket`; `combiner` is for what uses it to say."""
    _tell_of_combiner(column_name, combiner)
    return _COLUMNS.categorical_column_with_hash_bucket(column_name, hash_bucket_size, dtype)


def sparse_column_with_integerized_feature(
    column_name: str, bucket_size: int, combiner: str = "sum", dtype: Any = tf.int64
) -> Any:
    """Returns a `categorical_column_with_identity`; its values are below `bucket_size`.

    Raises:
        ValueError: `dtype` is another than int64 and int32.
    """
    _tell_of_combiner(column_name, combiner)
    if tf.as_dtype(dtype) not in (tf.int64, tf.int32):
        raise ValueError(
            f"sparse_column_with_integerized_feature({column_name!r}): dtype must be int64 or "
            f"int32; received {dtype!r}."
        )
    return _COLUMNS.categorical_column_with_identity(column_name, bucket_size)


def sparse_column_with_keys(
    column_name: str,
    keys: Sequence[Any],
    default_value: int = -1,
    combiner: str = "sum",
    dtype: Any = tf.string,
) -> Any:
    """Returns a `categorical_column_with_vocabulary_list`."""
    _tell_of_combiner(column_name, combiner)
    return _COLUMNS.categorical_column_with_vocabulary_list(
        column_name, list(keys), dtype, default_value
    )


def sparse_column_with_vocabulary_file(
    column_name: str,
    vocabulary_file: str,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    combiner: str = "sum",
    dtype: Any = tf.string,
) -> Any:
    """Returns a `categorical_column_with_vocabulary_file`."""
    _tell_of_combiner(column_name, combiner)
    default = None if num_oov_buckets else default_value
    return _COLUMNS.categorical_column_with_vocabulary_file(
        column_name, vocabulary_file, vocab_size, num_oov_buckets, default, dtype
    )


def weighted_sparse_column(
    sparse_id_column: Any, weight_column_name: str, dtype: Any = tf.float32
) -> Any:
    """Returns a `weighted_categorical_column`."""
    return _COLUMNS.weighted_categorical_column(sparse_id_column, weight_column_name, dtype)


def crossed_column(
    columns: Iterable[Any],
    hash_bucket_size: int,
    combiner: str = "sum",
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    hash_key: int | None = None,
) -> Any:
    """Returns a `crossed_column`; of a column of hashed words it takes the words themselves.

    Raises:
        ValueError: A column of hashed numbers is crossed, or a checkpoint is given.
    """
    if ckpt_to_load_from or tensor_name_in_ckpt:
        raise ValueError(
            "crossed_column: ckpt_to_load_from is not supported; give warm_start_from to the "
            "Estimator."
        )
    keys = [_to_be_crossed(column) for column in columns]
    name = "_X_".join(sorted(getattr(key, "name", str(key)) for key in keys))
    _tell_of_combiner(name, combiner)
    return _COLUMNS.crossed_column(keys, hash_bucket_size, hash_key)


def one_hot_column(sparse_id_column: Any) -> Any:
    """Returns an `indicator_column`."""
    return _COLUMNS.indicator_column(sparse_id_column)


def embedding_column(
    sparse_id_column: Any,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> Any:
    """Returns an `embedding_column`."""
    return _COLUMNS.embedding_column(
        sparse_id_column,
        dimension,
        combiner,
        initializer,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        max_norm,
        trainable,
    )


def shared_embedding_columns(
    sparse_id_columns: Sequence[Any],
    dimension: int,
    combiner: str = "mean",
    shared_embedding_name: str | None = None,
    initializer: Any = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> list[Any]:
    """Returns `shared_embedding_columns`."""
    columns: list[Any] = _COLUMNS.shared_embedding_columns(
        sparse_id_columns,
        dimension,
        combiner,
        initializer,
        shared_embedding_name,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        max_norm,
        trainable,
    )
    return columns


def create_feature_spec_for_parsing(feature_columns: Iterable[Any]) -> dict[str, Any]:
    """What `tf.parse_example` needs for these columns; see `make_parse_example_spec`."""
    spec: dict[str, Any] = _COLUMNS.make_parse_example_spec(list(feature_columns))
    return spec


def input_from_feature_columns(
    columns_to_tensors: Mapping[str, Any],
    feature_columns: Iterable[Any],
    weight_collections: Sequence[str] | None = None,
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """The values of dense columns side by side, `[batch, width]`; see `input_layer`."""
    with v1.variable_scope(scope, "input_from_feature_columns"):
        return _COLUMNS.input_layer(
            dict(columns_to_tensors), list(feature_columns), weight_collections, trainable
        )


def _to_be_crossed(column: Any) -> Any:
    if not hasattr(column, "hash_bucket_size") or not hasattr(column, "key"):
        return column
    if column.dtype != tf.string:
        raise ValueError(
            f"crossed_column: {column.name!r} hashes numbers, which cannot be crossed. Cross the "
            "numbers themselves: a sparse_column_with_integerized_feature."
        )
    return column.key


def _tell_of_combiner(name: str, combiner: str) -> None:
    if combiner != "sum":
        _LOGGER.warning(
            "The column %r is added up where it is used in a linear model, whatever its "
            "combiner=%r says: give sparse_combiner=%r to the Estimator.",
            name,
            combiner,
            combiner,
        )
