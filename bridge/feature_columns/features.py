"""The features that columns ask for, found in a dict and looked at before they are used."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc
from tensorflow.python.feature_column import sequence_feature_column as sequence_fc

from kerasrun.bridge.feature_columns.columns import leaves
from kerasrun.bridge.suggest import did_you_mean

_TENSORS = (tf.Tensor, tf.SparseTensor, tf.RaggedTensor, tf.Variable)
_EXPECTED = {
    "number": "numbers",
    "integer": "integers",
    "string": "strings",
    "string or integer": "strings or integers",
}


class Wanted(NamedTuple):
    """One feature that one column reads.

    Attributes:
        key: The feature's.
        column: The name of the column that was given to the layer.
        kind: `number`, `integer`, `string`, `string or integer` or `anything`.
        shape: Of one example, for a dense numeric column.
        is_sequence: Whether its numbers are those of sequences, and so are wanted sparse.
        dtype: What its numbers are wanted as, where the column does not see to it.
    """

    key: str
    column: str
    kind: str
    shape: tuple[int, ...] | None = None
    is_sequence: bool = False
    dtype: tf.DType | None = None


def wanted_by(columns: Iterable[Any]) -> list[Wanted]:
    """Returns what columns read, each feature once for each column that reads it."""
    return [one for column in columns for leaf in leaves(column) for one in _wanted(leaf, column)]


def chosen(features: Any, wanted: Iterable[Wanted], layer: str) -> dict[str, Any]:
    """Returns the features that are wanted, as tensors.

    Args:
        features: A dict by key of arrays or tensors, dense `[batch, …]` or `[batch]`, sparse or
            ragged.
        wanted: What columns read.
        layer: The layer's name, for errors.

    Returns:
        Dense and sparse tensors; what was ragged is sparse.

    Raises:
        TypeError: `features` is no dict, or a feature's dtype is not what its column reads.
        ValueError: A feature is missing, has the wrong shape, or another batch size than the rest.
    """
    if not isinstance(features, Mapping):
        raise TypeError(
            f"{layer} takes a dict of features by key; received {type(features).__name__}."
        )
    check_keys(features, wanted, layer)
    found: dict[str, Any] = {}
    for one in wanted:
        if one.key not in found:
            found[one.key] = _tensor(features[one.key], one.key)
        _check(found[one.key], one)
        if one.is_sequence and not isinstance(found[one.key], tf.SparseTensor):
            found[one.key] = _with_every_value(found[one.key])
        if one.dtype is not None:
            found[one.key] = tf.cast(found[one.key], one.dtype)
    _check_batches(found)
    return found


def with_tensors(features: Any) -> Any:
    """Returns a dict of features with arrays and lists as tensors; anything else as it is.

    Raises:
        TypeError: A list or an array becomes no tensor.
    """
    if not isinstance(features, Mapping):
        return features
    return {
        key: value if isinstance(value, (*_TENSORS, keras.KerasTensor)) else _tensor(value, key)
        for key, value in features.items()
    }


def check_keys(given: Iterable[str], wanted: Iterable[Wanted], layer: str) -> None:
    """Compares the keys of features with what is wanted.

    Raises:
        ValueError: One is missing.
    """
    names = sorted(given)
    for one in wanted:
        if one.key not in names:
            raise ValueError(
                f"{layer} lacks the feature {one.key!r}, which its column {one.column!r} reads; "
                f"given are {', '.join(map(repr, names)) or 'none'}."
                f"{did_you_mean(one.key, names)}"
            )


def _wanted(leaf: Any, column: Any) -> Iterator[Wanted]:
    if isinstance(leaf, str):  # in a cross
        yield Wanted(leaf, column.name, "string or integer")
    elif isinstance(leaf, fc.WeightedCategoricalColumn):
        yield Wanted(leaf.weight_feature_key, column.name, "number", dtype=tf.float32)
    elif isinstance(leaf, fc.NumericColumn):
        yield Wanted(leaf.key, column.name, "number", tuple(leaf.shape))
    elif isinstance(leaf, sequence_fc.SequenceNumericColumn):
        yield Wanted(leaf.key, column.name, "number", is_sequence=True)
    elif isinstance(leaf, fc.IdentityCategoricalColumn):
        yield Wanted(leaf.key, column.name, "integer")
    elif isinstance(leaf, fc.CategoricalColumn) and hasattr(leaf, "dtype"):
        yield Wanted(leaf.key, column.name, "integer" if leaf.dtype.is_integer else "string")
    else:  # a column of the user's own
        yield from (Wanted(key, column.name, "anything") for key in leaf.parents)


def _tensor(value: Any, key: str) -> Any:
    if isinstance(value, tf.RaggedTensor):
        return value.to_sparse()
    if isinstance(value, _TENSORS):
        return value
    try:
        return tf.convert_to_tensor(np.asarray(value))
    except (ValueError, TypeError, tf.errors.UnimplementedError) as error:
        raise TypeError(
            f"The feature {key!r} becomes no tensor: {error} Missing strings are '', missing "
            "integers -1; examples of different length are a tf.ragged.constant."
        ) from error


def _check(tensor: Any, wanted: Wanted) -> None:
    if not _is_of_kind(tensor.dtype, wanted.kind):
        raise TypeError(
            f"The column {wanted.column!r} reads {_EXPECTED[wanted.kind]} from the feature "
            f"{wanted.key!r}, which has the dtype {tensor.dtype.name}. Convert the feature, or "
            "declare the column for what it is."
        )
    if tensor.shape.rank == 0:
        raise ValueError(
            f"The feature {wanted.key!r} is one value without a batch; give it the shape [batch] "
            "or [batch, …]."
        )
    if wanted.shape is not None:
        _check_is_dense(tensor, wanted, wanted.shape)


def _check_is_dense(tensor: Any, wanted: Wanted, shape: tuple[int, ...]) -> None:
    if isinstance(tensor, tf.SparseTensor):
        raise TypeError(
            f"The column {wanted.column!r} reads dense numbers from the feature {wanted.key!r}, "
            "which is sparse or ragged. Make it dense: tf.sparse.to_dense, or its to_tensor()."
        )
    if tensor.shape.rank is None or not tensor.shape[1:].is_fully_defined():
        return
    given = tuple(tensor.shape[1:])
    if math.prod(given) != math.prod(shape):
        raise ValueError(
            f"The column {wanted.column!r} is declared with the shape {shape}; an example of the "
            f"feature {wanted.key!r} has {given}. Declare it with shape={given}."
        )


def _is_of_kind(dtype: tf.DType, kind: str) -> bool:
    is_number = dtype.is_floating or dtype.is_integer or dtype.is_bool
    fits: dict[str, bool] = {
        "number": is_number,
        "integer": dtype.is_integer,
        "string": dtype == tf.string,
        "string or integer": dtype == tf.string or dtype.is_integer,
        "anything": True,
    }
    return fits[kind]


def _with_every_value(tensor: Any) -> tf.SparseTensor:
    """A dense tensor as a sparse one; where it is 0, too, it has a value."""
    indices = tf.where(tf.ones_like(tensor, tf.bool))
    return tf.SparseTensor(
        indices, tf.gather_nd(tensor, indices), tf.shape(tensor, out_type=tf.int64)
    )


def _check_batches(found: Mapping[str, Any]) -> None:
    sizes = {key: one.shape[0] for key, one in found.items() if one.shape.rank}
    known = {key: size for key, size in sizes.items() if size is not None}
    if len(set(known.values())) > 1:
        listed = ", ".join(f"{key!r} has {size}" for key, size in sorted(known.items()))
        raise ValueError(f"The features have different numbers of examples: {listed}.")
