"""The first values of an embedding, taken from a checkpoint."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.suggest import did_you_mean

_LOGGER = logging.getLogger("tensorflow")


def without_checkpoint(column: Any, *, may_be_missing: bool) -> Any:
    """Returns a column whose table starts from the checkpoint that it names, read once.

    As the columns do it themselves, every call of a layer would ask for the checkpoint anew.

    Args:
        column: Any feature column; those that name no checkpoint are returned as they are.
        may_be_missing: Whether the column's own initializer serves where the checkpoint is gone:
            for a layer that is about to be loaded from a file.
    """
    path = getattr(column, "ckpt_to_load_from", None)
    if path is None:
        return column
    first_values = _FromCheckpoint(column, may_be_missing)
    return column._replace(
        initializer=first_values, ckpt_to_load_from=None, tensor_name_in_ckpt=None
    )


class _FromCheckpoint:
    """An initializer."""

    def __init__(self, column: Any, may_be_missing: bool) -> None:
        self._column_name, self._otherwise = column.name, column.initializer
        self._path, self._tensor_name = column.ckpt_to_load_from, column.tensor_name_in_ckpt
        self._may_be_missing = may_be_missing

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        reader = self._reader()
        if reader is None:
            initializer: Callable[..., Any] = self._otherwise
            return initializer(shape, dtype=dtype)
        found = self._tensor(reader)
        if found.shape != tuple(shape):
            raise ValueError(
                f"The column {self._column_name!r} has a table of shape {tuple(shape)}; "
                f"{self._tensor_name!r} in the checkpoint {self._path!r} has {found.shape}. "
                "Declare the column with the buckets and the dimension of the checkpoint."
            )
        return tf.constant(found, dtype)

    def _reader(self) -> Any:
        try:
            return tf.train.load_checkpoint(self._path)
        except (tf.errors.NotFoundError, ValueError) as error:
            if not self._may_be_missing:
                raise FileNotFoundError(
                    f"The column {self._column_name!r}: no checkpoint at ckpt_to_load_from="
                    f"{self._path!r}. Give a checkpoint's path without its ending, or a folder."
                ) from error
        _LOGGER.info(
            "The checkpoint %r of the column %r is gone; its values come from the loaded model.",
            self._path,
            self._column_name,
        )
        return None

    def _tensor(self, reader: Any) -> np.ndarray[Any, Any]:
        names = list(reader.get_variable_to_shape_map())
        if self._tensor_name not in names:
            raise ValueError(
                f"The column {self._column_name!r}: the checkpoint {self._path!r} has no tensor "
                f"{self._tensor_name!r}; it has {', '.join(map(repr, sorted(names)))}."
                f"{did_you_mean(str(self._tensor_name), names)}"
            )
        return np.asarray(reader.get_tensor(self._tensor_name))
