"""Examples from NumPy arrays."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.input_fns.batching import Batching
from kerasrun.input_fns.row_batches import batches_of_rows


def numpy_input_fn(
    x: Mapping[str, np.ndarray] | np.ndarray,
    y: Mapping[str, np.ndarray] | np.ndarray | None = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    seed: int | None = None,
) -> Callable[[], tf.data.Dataset]:
    """Returns an input_fn that feeds NumPy arrays, row by row of their first axis.

    Epochs follow each other before rows are batched, so a batch may span two epochs and only the
    very last one may be short. With `shuffle` every row comes once in each epoch, in a new order.

    Example:
        >>> import numpy as np
        >>> x = {"age": np.array([4.0, 5.0, 6.0], np.float32)}
        >>> input_fn = numpy_input_fn(x, np.array([0, 1, 0]), batch_size=2, shuffle=False)
        >>> [labels.numpy().tolist() for features, labels in input_fn()]
        [[0, 1], [0]]

    Args:
        x: features: an array of shape `[rows, ...]`, or a dict of such arrays.
        y: labels: an array of shape `[rows, ...]`, a dict of such arrays, or None for none.
        batch_size: rows in a batch.
        num_epochs: how often every row comes; None means for ever.
        shuffle: must be said: True or False.
        queue_capacity: accepted for compatibility; rows are shuffled over the whole data.
        num_threads: accepted for compatibility; the order never depends on threads.
        seed: makes the shuffled order the same in every run.

    Returns:
        A function without arguments that returns a `tf.data.Dataset` of features, or of
        `(features, labels)`: tensors of shape `[batch, ...]` and the arrays' dtypes, in dicts where
        dicts were given. Calling it raises TypeError for `x` or `y` of another type, ValueError for
        empty dicts, arrays without rows, unequal lengths, or keys that `x` and `y` share.

    Raises:
        TypeError: `batch_size`, `num_epochs` or `seed` is not a whole number.
        ValueError: `shuffle` was not said, or a number is out of range.

    Source: `tf.compat.v1.estimator.inputs.numpy_input_fn`.
    """
    del queue_capacity, num_threads
    batching = Batching(batch_size, num_epochs, shuffle, seed)  # type: ignore[arg-type]

    def input_fn() -> tf.data.Dataset:
        features = _checked_arrays("x", x)
        if y is None:
            return batches_of_rows(features, _row_count({"x": features}), batching)
        labels = _checked_arrays("y", y)
        _refuse_shared_keys(features, labels)
        row_count = _row_count({"x": features, "y": labels})
        return batches_of_rows((features, labels), row_count, batching)

    return input_fn


def _checked_arrays(name: str, arrays: Any) -> Any:
    if isinstance(arrays, Mapping):
        if not arrays:
            mend = "give None where there are no labels" if name == "y" else "give features"
            raise ValueError(f"{name} is an empty dict; {mend}.")
        return {key: _checked_array(f"{name}[{key!r}]", arrays[key]) for key in arrays}
    return _checked_array(name, arrays, " or a dict of arrays")


def _checked_array(name: str, array: Any, or_else: str = "") -> np.ndarray:
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name} must be a numpy array{or_else}, got {type(array).__name__}. "
            f"np.asarray(...) makes one of a list."
        )
    if array.ndim == 0:
        raise ValueError(
            f"{name} must have rows (shape [rows, ...]), got the single value {array}."
        )
    if array.dtype.kind == "O":
        _require_strings(name, array)
    return array


def _require_strings(name: str, array: np.ndarray) -> None:
    for position, value in enumerate(array.flat):
        if not isinstance(value, str | bytes):
            raise TypeError(
                f"{name} has dtype object, which must hold strings only; element {position} is "
                f"{value!r} ({type(value).__name__}). Convert it with {name}.astype(...)."
            )


def _refuse_shared_keys(features: Any, labels: Any) -> None:
    if isinstance(features, Mapping) and isinstance(labels, Mapping):
        shared = [key for key in features if key in labels]
        if shared:
            raise ValueError(f"x and y share the keys {shared}; name features and labels apart.")


def _row_count(arrays: dict[str, Any]) -> int:
    """Returns the length that all arrays share."""
    lengths: dict[str, int] = {}
    for name, value in arrays.items():
        if isinstance(value, Mapping):
            lengths |= {f"{name}[{key!r}]": len(array) for key, array in value.items()}
        else:
            lengths[name] = len(value)
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(f"Arrays must have equally many rows, got {shown}.")
    row_count = next(iter(lengths.values()))
    if row_count == 0:
        raise ValueError(f"{', '.join(lengths)}: no rows; there is nothing to feed.")
    return row_count
