"""What a CSV column holds: its type, its default, and how its fields look."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.input_fns.suggestions import did_you_mean

_BY_PYTHON_TYPE = {int: tf.int64, float: tf.float32, str: tf.string, bytes: tf.string}
_BY_NAME = {
    **{dtype.name: dtype for dtype in (tf.int32, tf.int64, tf.float32, tf.float64, tf.string)},
    **{kind.__name__: dtype for kind, dtype in _BY_PYTHON_TYPE.items()},
}
_BLANKS = " \t"
_FLOAT = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:nan|inf|infinity))"


@dataclass(frozen=True)
class Column:
    """One column that is read.

    Attributes:
        name: its name in the header.
        dtype: `tf.int32`, `int64`, `float32`, `float64` or `string`.
        default: stands in for a missing value; None: a value is required (a string may be empty).
        inferred: whether the type was guessed from the first rows.
        vocabulary: the only values allowed, or None for any.
    """

    name: str
    dtype: tf.DType
    default: Any = None
    inferred: bool = False
    vocabulary: tuple[str, ...] | None = None

    def record_default(self) -> np.ndarray:
        """Returns the default for `tf.io.decode_csv`: shape `[1]`, or `[0]` for none."""
        if self.dtype == tf.string:
            return np.array([self.default or ""], dtype=object)
        values = [] if self.default is None else [self.default]
        return np.array(values, dtype=self.dtype.as_numpy_dtype)

    def value_pattern(self, delimiter: str, na_value: str) -> str:
        """Returns a regular expression for one value, without quotes, that is this column's."""
        if self.vocabulary is not None:
            return _any_of(self.vocabulary)
        if self.dtype == tf.string:
            return r"(?s:.*)"
        number = number_pattern(self.dtype, delimiter)
        return number if self.default is None else _alternatives([number, re.escape(na_value), ""])

    def field_pattern(self, delimiter: str, na_value: str) -> str:
        """Returns a regular expression for one field as it stands in the file, quoted or not."""
        if self.vocabulary is not None:
            doubled = [value.replace('"', '""') for value in self.vocabulary]
            bare = [value for value in self.vocabulary if not {'"', delimiter} & set(value)]
            return _alternatives([f'"{_any_of(doubled)}"', *map(re.escape, bare)])
        if self.dtype == tf.string:
            return any_field_pattern(delimiter)
        value = self.value_pattern(delimiter, na_value)
        return _alternatives([value, f'"{value}"'])

    def plain_pattern(self, delimiter: str) -> str:
        """Returns a regular expression for a field as most are: a part of what `field_pattern` is.

        It is short, so that lines can be matched in a time that is small beside that of decoding.
        """
        if self.vocabulary is not None:
            bare = [value for value in self.vocabulary if not {'"', delimiter} & set(value)]
            pattern = _alternatives([re.escape(value) for value in bare] or ["[0-9]{20}"])
        elif self.dtype == tf.string:
            return plain_text_pattern(delimiter)
        elif self.dtype.is_floating:
            pattern = r"-?[0-9]+(?:\.[0-9]+)?"
        else:
            pattern = f"-?[0-9]{{1,{len(str(self.dtype.max)) - 1}}}"
        return f"(?:{pattern})?" if self.default is not None else pattern

    def expected(self) -> str:
        """Returns what an error message says was expected."""
        if self.vocabulary is not None:
            return f"one of the label_vocabulary ({', '.join(self.vocabulary[:20])})"
        return str(self.dtype.name)

    def mend(self) -> str:
        """Returns what an error message says may help."""
        if self.vocabulary is not None:
            return "Add the value to label_vocabulary, or mend the row."
        if self.inferred:
            return (
                f"The type was inferred from the first rows: give columns={{{self.name!r}: ...}} "
                "to set another type, or a default such as 0.0 for missing values."
            )
        if self.default is None:
            return (
                f"Mend the row; a default, as columns={{{self.name!r}: 0.0}}, fills missing values."
            )
        return "Mend the row, or give the column another type in columns."


def given_columns(columns: Any) -> dict[str, Column]:
    """Returns the columns that the `columns` argument of `csv_input_fn` describes.

    Args:
        columns: None, or a dict of column name to a type (`tf.float32`, `np.float32`, `"float32"`,
            `float`, `int`, `str`), or to a default value that also tells the type: `0`, `0.0`, or
            in a list `["unknown"]`.

    Raises:
        TypeError: a value is neither a type nor a default value.
        ValueError: a value names a type that no CSV column can have.
    """
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise TypeError(f"columns must be a dict of column name to type, got {columns!r}.")
    return {name: _given_column(name, columns[name]) for name in columns}


def _given_column(name: str, given: Any) -> Column:
    if isinstance(given, list | tuple) and len(given) == 1:
        return _with_default(name, given[0])
    if isinstance(given, int | float | np.number) and not isinstance(given, bool):
        return _with_default(name, given)
    return Column(name, _dtype_of(name, given))


def _with_default(name: str, default: Any) -> Column:
    if isinstance(default, np.number):
        default = default.item()
    if type(default) not in _BY_PYTHON_TYPE:
        raise TypeError(f"columns[{name!r}]: {default!r} cannot be the default of a CSV column.")
    return Column(name, _BY_PYTHON_TYPE[type(default)], default)


def _dtype_of(name: str, given: Any) -> tf.DType:
    if isinstance(given, str):
        if given not in _BY_NAME:
            raise ValueError(
                f"columns[{name!r}] is no type: {given!r}. {did_you_mean(given, _BY_NAME)} "
                f"A string default is given in a list: [{given!r}]."
            )
        return _BY_NAME[given]
    if isinstance(given, type) and given in _BY_PYTHON_TYPE:
        return _BY_PYTHON_TYPE[given]
    try:
        dtype = None if isinstance(given, bool) else tf.as_dtype(given)  # which takes 1 for float32
    except TypeError:
        dtype = None
    if dtype not in _BY_NAME.values():
        raise TypeError(
            f"columns[{name!r}] must be a type (float32, float64, int32, int64, string) or a "
            f"default value, got {given!r}."
        )
    return dtype


def inferred_column(name: str, values: Iterable[str], delimiter: str, na_value: str) -> Column:
    """Returns the narrowest of int64, float32 and string that holds all `values`."""
    present = [value for value in values if value not in ("", na_value)]
    for dtype in (tf.int64, tf.float32):
        pattern = re.compile(number_pattern(dtype, delimiter))
        if present and all(pattern.fullmatch(value) for value in present):
            return Column(name, dtype, inferred=True)
    return Column(name, tf.string, inferred=True)


def number_pattern(dtype: tf.DType, delimiter: str) -> str:
    """Returns a regular expression for a number of `dtype`, blanks around it allowed."""
    blanks = f"[{_BLANKS.replace(delimiter, '')}]*"
    number = _FLOAT if dtype.is_floating else _whole_number_pattern(dtype)
    return f"{blanks}(?:{number}){blanks}"


def plain_text_pattern(delimiter: str) -> str:
    """Returns a regular expression for a field without quotes."""
    return rf'[^"{re.escape(delimiter)}\r\n]*'


def any_field_pattern(delimiter: str) -> str:
    """Returns a regular expression for any one field: bare without quotes, or quoted."""
    return rf'(?:[^"{re.escape(delimiter)}\r\n]*|"(?:[^"]|"")*")'


def _whole_number_pattern(dtype: tf.DType) -> str:
    """Returns a regular expression for exactly the numbers that fit into `dtype`."""
    largest = str(dtype.max)
    below = [
        rf"{largest[:place]}[0-{int(digit) - 1}][0-9]{{{len(largest) - place - 1}}}"
        for place, digit in enumerate(largest)
        if digit != "0"
    ]
    fits = _alternatives([rf"[0-9]{{1,{len(largest) - 1}}}", *below, largest])
    return f"[+-]?0*{fits}|{dtype.min}"


def _any_of(values: Iterable[str]) -> str:
    return _alternatives([re.escape(value) for value in values])


def _alternatives(patterns: list[str]) -> str:
    return f"(?:{'|'.join(patterns)})"
