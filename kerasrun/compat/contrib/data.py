"""`tf.contrib.data`, which went to `tf.data` and `tf.data.experimental`."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.elsewhere import names_elsewhere

Transformation = Callable[[Any], Any]
_DATA = "tensorflow.compat.v1.data"
_EXPERIMENTAL = f"{_DATA}.experimental"
_WHERE = {
    **dict.fromkeys(
        (
            "Dataset",
            "FixedLengthRecordDataset",
            "Iterator",
            "TFRecordDataset",
            "TextLineDataset",
        ),
        _DATA,
    ),
    **dict.fromkeys(
        (
            "AUTOTUNE",
            "Counter",
            "CsvDataset",
            "Optional",
            "RandomDataset",
            "Reducer",
            "SqlDataset",
            "TFRecordWriter",
            "bucket_by_sequence_length",
            "choose_from_datasets",
            "copy_to_device",
            "dense_to_sparse_batch",
            "enumerate_dataset",
            "get_next_as_optional",
            "get_single_element",
            "group_by_reducer",
            "group_by_window",
            "ignore_errors",
            "make_batched_features_dataset",
            "make_csv_dataset",
            "make_saveable_from_iterator",
            "map_and_batch",
            "parallel_interleave",
            "parse_example_dataset",
            "rejection_resample",
            "sample_from_datasets",
            "scan",
            "shuffle_and_repeat",
            "unbatch",
            "unique",
        ),
        _EXPERIMENTAL,
    ),
    "read_batch_features": f"{_EXPERIMENTAL}:make_batched_features_dataset",
}
__all__ = [
    *_WHERE,
    "batch_and_drop_remainder",
    "padded_batch_and_drop_remainder",
    "sloppy_interleave",
]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def batch_and_drop_remainder(batch_size: Any) -> Transformation:
    """Returns what batches a dataset, for its `apply`, and leaves out a last, smaller batch.

    Args:
        batch_size: A whole number, or an int64 scalar.
    """
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(
    batch_size: Any, padded_shapes: Any, padding_values: Any = None
) -> Transformation:
    """Returns what batches a dataset of unequal shapes, without a last, smaller batch.

    Args:
        batch_size: A whole number, or an int64 scalar.
        padded_shapes: The shapes of the components once padded.
        padding_values: With what. None: zeros and empty strings.
    """
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


def sloppy_interleave(
    map_func: Callable[..., Any], cycle_length: Any, block_length: Any = 1
) -> Transformation:
    """Returns what interleaves datasets in whatever order their elements come.

    Args:
        map_func: Takes an element and returns a dataset.
        cycle_length: How many datasets are read at once.
        block_length: How many elements are taken from one before the next.
    """
    interleave: Transformation = v1.data.experimental.parallel_interleave(
        map_func, cycle_length, block_length, sloppy=True
    )
    return interleave
