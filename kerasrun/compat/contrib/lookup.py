"""`tf.contrib.lookup`: tables of words and numbers, as TensorFlow 1 initialises them."""

from typing import Any

import tensorflow as tf
from tensorflow.python.ops import lookup_ops

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_OPS = "tensorflow.python.ops.lookup_ops"
_WHERE = {
    **dict.fromkeys(
        (
            "FastHashSpec",
            "HasherSpec",
            "IdTableWithHashBuckets",
            "InitializableLookupTableBase",
            "KeyValueTensorInitializer",
            "LookupInterface",
            "MutableHashTable",
            "StrongHashSpec",
            "TextFileIdTableInitializer",
            "TextFileIndex",
            "TextFileInitializer",
            "TextFileStringTableInitializer",
            "index_table_from_file",
            "index_to_string_table_from_file",
        ),
        _OPS,
    ),
    "HashTable": f"{_OPS}:StaticHashTableV1",
    "MutableDenseHashTable": f"{_OPS}:DenseHashTable",
    "tables_initializer": "tensorflow.compat.v1",
}
__all__ = [
    *_WHERE,
    "index_table_from_tensor",
    "index_to_string",
    "index_to_string_table_from_tensor",
    "string_to_index",
]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = lookup_ops.FastHashSpec,
    dtype: Any = tf.string,
    name: str | None = None,
) -> Any:
    """Returns a table from words to their places in `mapping`.

    Args:
        mapping: Words, `[size]`.
        num_oov_buckets: How many numbers beyond `size` other words are spread over.
        default_value: The number of other words, where there are no such.
        hasher_spec: How they are spread.
        dtype: Of the words.
        name: Of its operations.
    """
    return lookup_ops.index_table_from_tensor(
        mapping, num_oov_buckets, default_value, hasher_spec, dtype, name
    )


def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """Returns a table from places in `mapping` to the words there.

    Args:
        mapping: Words, `[size]`.
        default_value: The word of other numbers.
        name: Of its operations.
    """
    return lookup_ops.index_to_string_table_from_tensor(mapping, default_value, name)


def string_to_index(
    tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None
) -> Any:
    """Looks up the places of words in `mapping`; int64, of the shape of `tensor`."""
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)


def index_to_string(
    tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """Looks up the words at places, int64, of `mapping`; strings, of the shape of `tensor`."""
    return index_to_string_table_from_tensor(mapping, default_value, name).lookup(tensor)
