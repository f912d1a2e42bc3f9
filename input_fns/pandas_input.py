"""Examples from pandas data frames."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from kerasrun.input_fns.batching import Batching
from kerasrun.input_fns.row_batches import batches_of_rows


def pandas_input_fn(
    x: pd.DataFrame,
    y: "pd.Series[Any] | pd.DataFrame | None" = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    target_column: str = "target",
    seed: int | None = None,
) -> Callable[[], tf.data.Dataset]:
    """Returns an input_fn that feeds the rows of a data frame; its index is no feature.

    The data are read, and checked, now: later changes of `x` or `y` are not seen. Numbers and
    booleans keep their dtype (pandas' own `Int64`, `boolean`, ... become the plain ones), strings
    become `tf.string`, a categorical becomes what its categories are. NaN in a float column stays.

    Example:
        >>> import pandas as pd
        >>> x = pd.DataFrame({"age": [4.0, 5.0], "name": ["Ada", "Bob"]})
        >>> input_fn = pandas_input_fn(x, pd.Series([0, 1]), shuffle=False)
        >>> [features["name"].numpy().tolist() for features, labels in input_fn()]
        [[b'Ada', b'Bob']]

    Args:
        x: features, one a column.
        y: labels: a Series, a DataFrame (several labels), or None for none. Its index is `x`'s.
        batch_size: rows in a batch; epochs follow each other before rows are batched.
        num_epochs: how often every row comes; None means for ever.
        shuffle: must be said: True or False.
        queue_capacity: accepted for compatibility; rows are shuffled over the whole data.
        num_threads: accepted for compatibility; the order never depends on threads.
        target_column: the name that stands for the labels; must not be a column of `x`.
        seed: makes the shuffled order the same in every run.

    Returns:
        A function without arguments that returns a `tf.data.Dataset` of `{column: tensor}`, or of
        `({column: tensor}, labels)`, each tensor of shape `[batch]`; labels are one tensor of a
        Series, and `{column: tensor}` of a DataFrame.

    Raises:
        TypeError: `x`, `y` or `target_column` is of another type, a column name is not a string,
            or a column holds what no tensor can (dates, mixed objects).
        ValueError: `shuffle` was not said; indexes differ; `target_column` is in `x`; a column name
            comes twice; a column of strings, integers or booleans has missing values; no rows.

    Source: `tf.compat.v1.estimator.inputs.pandas_input_fn`.
    """
    del queue_capacity, num_threads
    batching = Batching(batch_size, num_epochs, shuffle, seed)  # type: ignore[arg-type]
    if not isinstance(target_column, str):
        raise TypeError(f"target_column must be a string, got {target_column!r}.")
    if not isinstance(x, pd.DataFrame):
        raise TypeError(f"x must be a pandas DataFrame, got {type(x).__name__}.")
    if x.empty:
        raise ValueError(f"x has {len(x)} rows and {len(x.columns)} columns; nothing to feed.")
    rows: Any = _column_arrays("x", x)
    if y is not None:
        _check_labels(x, y, target_column)
        rows = (rows, _label_arrays(y))
    return lambda: batches_of_rows(rows, len(x), batching)


def _check_labels(x: pd.DataFrame, y: Any, target_column: str) -> None:
    if not isinstance(y, pd.Series | pd.DataFrame):
        raise TypeError(f"y must be a pandas Series or DataFrame, got {type(y).__name__}.")
    if target_column in x:
        raise ValueError(
            f"target_column {target_column!r} is a column of x already. Drop it from x, or give "
            "another target_column."
        )
    if not np.array_equal(x.index, y.index):
        raise ValueError(
            f"x and y must have the same index; x has {_shown(x.index)}, y has {_shown(y.index)}. "
            "reset_index(drop=True) on both pairs them by position."
        )


def _shown(index: pd.Index) -> str:
    return f"{len(index)} rows ({', '.join(map(repr, index[:3]))}{', ...' * (len(index) > 3)})"


def _label_arrays(y: "pd.Series[Any] | pd.DataFrame") -> Any:
    return _column_arrays("y", y) if isinstance(y, pd.DataFrame) else _array("y", y)


def _column_arrays(name: str, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"{name} has more than one column named {twice[0]!r}.")
    for column in frame.columns:
        if not isinstance(column, str):
            raise TypeError(
                f"Column names of {name} must be strings, got {column!r}; "
                f"{name}.columns = {name}.columns.map(str) makes them so."
            )
    return {column: _array(f"{name}[{column!r}]", frame[column]) for column in frame.columns}


def _array(name: str, column: "pd.Series[Any]") -> np.ndarray:
    """Returns a column's values as an array that makes a tensor, of shape `[rows]`."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        _refuse_missing(name, column, "a category")
        return _array(name, column.astype(column.dtype.categories.dtype))
    if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
        return _string_array(name, column)
    if column.dtype.kind in "biu":
        _refuse_missing(name, column, "0")
        return column.to_numpy(dtype=_plain_dtype(column.dtype), copy=True)
    if column.dtype.kind == "f":
        return column.to_numpy(_plain_dtype(column.dtype), copy=True, na_value=np.nan)
    raise TypeError(
        f"{name} has dtype {column.dtype}, of which no tensor can be made. "
        "Convert it to numbers or strings first."
    )


def _plain_dtype(dtype: Any) -> np.dtype[Any]:
    """Returns NumPy's dtype for pandas' `Int64`, `boolean`, ..., and NumPy's own unchanged."""
    plain: np.dtype[Any] = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return plain


def _string_array(name: str, column: "pd.Series[Any]") -> np.ndarray:
    _refuse_missing(name, column, "''")
    values = column.to_numpy(dtype=object, copy=True)
    for row, value in zip(column.index, values, strict=True):
        if not isinstance(value, str | bytes):
            raise TypeError(
                f"{name} must hold numbers or strings only; row {row!r} is {value!r} "
                f"({type(value).__name__}). Convert the column with astype(...)."
            )
    return values


def _refuse_missing(name: str, column: "pd.Series[Any]", filler: str) -> None:
    missing = column.isna()
    if missing.any():
        first = missing[missing].index[0]
        raise ValueError(
            f"{name} ({column.dtype}) has {int(missing.sum())} missing value(s), the first in row "
            f"{first!r}. "
            f"Fill them, as with fillna({filler}), or drop those rows with dropna()."
        )
