"""What a model is asked with, out of the columns of a table."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kerasrun.runs.errors import UsageError, did_you_mean, nearest
from kerasrun.runs.tables import Part

Columns = Mapping[str, Sequence[str] | str]


class Wanted(NamedTuple):
    """One feature that a model asks for.

    Attributes:
        shape: That of one row; None stands for any size.
        dtype: Its name as of numpy; `str` for text.
    """

    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        kind = "text" if self.dtype == "str" else self.dtype
        if not self.shape:
            return kind
        return f"{' x '.join('?' if size is None else str(size) for size in self.shape)} {kind}"


class TableFeatures:
    """Makes features of parts of a table.

    A feature is made of the columns that are named for it, else of the column of its own name,
    else of the columns `NAME_0`, `NAME_1`, ... as predictions are written.

    Args:
        wanted: By name, what the model asks for.
        columns: By feature, the columns that are named for it.
        source: What the table is called in messages.
    """

    def __init__(self, wanted: Mapping[str, Wanted], columns: Columns, source: str) -> None:
        self._wanted, self._columns, self._source = wanted, columns, source
        for name in columns:
            if name not in wanted:
                raise UsageError(
                    f"--features {name}: the model asks for no such feature."
                    f"{did_you_mean(name, wanted)} It asks for {_listed(wanted)}"
                )

    def of(self, part: Part) -> dict[str, Any]:
        """By name, an array of each feature `[rows, ...]`.

        Raises:
            UsageError: A column is missing, or a value is no number or has not the right size.
        """
        used = {name: self._used(name, part) for name in self._wanted}
        return {name: self._array(name, used[name], part) for name in self._wanted}

    def _used(self, feature: str, part: Part) -> list[str]:
        there = part.columns
        named = self._columns.get(feature)
        if named is not None:
            names = [named] if isinstance(named, str) else list(named)
            for name in names:
                if name not in there:
                    raise UsageError(
                        f"{self._source} has no column {name!r}.{did_you_mean(name, there)} "
                        f"It has {_listed(there)}"
                    )
            return names
        if feature in there:
            return [feature]
        shape = self._wanted[feature].shape
        numbered = [f"{feature}_{index}" for index in range(shape[0] or 0)] if shape else []
        if numbered and all(name in there for name in numbered):
            return numbered
        raise UsageError(self._missing(feature, list(there)))

    def _missing(self, feature: str, there: list[str]) -> str:
        wanted = self._wanted[feature]
        near = nearest(feature, there)
        size = wanted.shape[0] if len(wanted.shape) == 1 else 1
        several = "COLUMN,..." if size != 1 else near or "COLUMN"
        hint = f" Did you mean {near!r}?" if near else ""
        return (
            f"{self._source} has no column {feature!r} ({wanted}), which the model asks for.{hint} "
            f"It has {_listed(there)}; --features {feature}={several} says what it is made of"
        )

    def _array(self, feature: str, names: list[str], part: Part) -> Any:
        import numpy as np

        wanted = self._wanted[feature]
        arrays = [self._values(name, wanted, part) for name in names]
        array = arrays[0] if len(arrays) == 1 else np.stack(arrays, axis=1)
        inner = array.shape[1:]
        if len(inner) == len(wanted.shape) and all(
            size in (None, found) for found, size in zip(inner, wanted.shape, strict=True)
        ):
            return array
        sizes = [size for size in wanted.shape if size is not None]
        if len(sizes) == len(wanted.shape) and math.prod(inner) == math.prod(sizes):
            return array.reshape(array.shape[0], *sizes)
        raise UsageError(
            f"{self._source}: feature {feature!r} takes {wanted} a row, found {_size(inner)} in "
            f"{_listed(names)}"
        )

    def _values(self, name: str, wanted: Wanted, part: Part) -> Any:
        import numpy as np

        values = part.columns[name]
        try:
            if wanted.dtype == "str":
                return _texts(values)
            return _numbers(values, wanted.dtype)
        except (ValueError, TypeError, OverflowError):
            row, value = next(
                ((row, v) for row, v in enumerate(values) if not _fits(v, wanted.dtype)),
                (None, None),
            )
        if row is None:  # each alone is one, but they have different sizes
            sizes = sorted({np.shape(value) for value in values})
            raise UsageError(f"{self._source}: the lists in {name!r} are not of one size: {sizes}")
        raise UsageError(
            f"{self._source} row {part.start + row + 1}: {name!r} is {value!r}, expected "
            f"{_article(wanted.dtype)}"
        )


def _numbers(values: Sequence[Any], dtype: str) -> Any:
    import numpy as np

    array = np.asarray(values)
    if array.dtype.kind == "O" and any(value is None for value in array.ravel()):
        raise TypeError("nothing")  # numpy would take it for NaN
    if array.dtype.kind == "O":  # texts of a CSV file, or what is no number at all
        array = array.astype(str) if all(isinstance(v, str) for v in values) else array
    if dtype == "bool":
        return np.array([_truth(value) for value in array.tolist()], bool)
    if np.dtype(dtype).kind in "iu" and array.dtype.kind == "f":
        whole = array.astype(np.int64)
        if not (whole == array).all():
            raise ValueError("not whole")
        array = whole
    found = array.astype(dtype)
    if np.dtype(dtype).kind in "iu" and array.dtype.kind in "iu" and not (found == array).all():
        raise OverflowError(dtype)
    return found


def _truth(value: Any) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    text = str(value).lower()
    if text not in known:
        raise ValueError(text)
    return known[text]


def _texts(values: Sequence[Any]) -> Any:
    import numpy as np

    array = np.array(values, dtype=object)
    if not all(isinstance(value, str) for value in array.ravel()):
        raise TypeError("not text")
    return array


def _fits(value: Any, dtype: str) -> bool:
    try:
        _texts([value]) if dtype == "str" else _numbers([value], dtype)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _article(dtype: str) -> str:
    if dtype == "str":
        return "a text"
    if dtype == "bool":
        return "true or false"
    return f"a number ({dtype})"


def _size(inner: tuple[int, ...]) -> str:
    return " x ".join(map(str, inner)) if inner else "1"


def _listed(names: Any) -> str:
    shown = list(names)
    return ", ".join(map(str, shown[:20])) + (", ..." if len(shown) > 20 else "")
