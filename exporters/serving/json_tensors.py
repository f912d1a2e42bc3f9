"""A tensor out of a JSON value: lists in lists, all regular, of values of one type.

The shape is that of the first elements; every other list must follow it.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_document import JsonObject, describe, invalid
from kerasrun.exporters.serving.json_numbers import (
    FLOATS,
    INTEGERS,
    cxx_name,
    float_reader,
    integer_reader,
    wrong_type,
)

__all__ = ["Rows", "decode_base64", "encode", "is_base64", "whole"]

_MOST_DIMENSIONS = 64  # NumPy's
Reader = Callable[[Any], Any]


def is_base64(value: Any) -> bool:
    """Whether a JSON value is bytes: an object with the one key `b64`, and a string there."""
    return (
        isinstance(value, JsonObject)
        and len(value.pairs) == 1
        and isinstance(value.get("b64"), str)
    )


def decode_base64(value: Any) -> bytes:
    """Returns the bytes of an object `{"b64": ...}`. Padding may be left out.

    Raises:
        ServingError: It is no such object, or its string is not base64.
    """
    if not is_base64(value):
        raise invalid(f"JSON Value: {describe(value)} not formatted correctly for base64 data")
    try:
        plain = "".join(value["b64"].split()).rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Unable to base64 decode") from None


def encode(text: str) -> bytes:
    """Returns a string of the document as the bytes that it was read from."""
    return text.encode("utf-8", "surrogateescape")


def whole(value: Any, dtype: str) -> NDArray[Any]:
    """Returns the tensor that a JSON value is.

    Raises:
        ServingError: Its lists are not regular, or a value is not of the type.
    """
    shape, values = _shape(value), list[Any]()
    _fill(value, 0, shape, _reader(dtype), values)
    return _array(values, dtype, shape)


class Rows:
    """The values that one input has in the rows seen so far; all must have one shape.

    Args:
        dtype: TensorFlow's name of the input's type.
    """

    def __init__(self, dtype: str) -> None:
        self._dtype, self._reader = dtype, _reader(dtype)
        self._shape: tuple[int, ...] | None = None
        self._size = 0
        self._values: list[Any] = []

    def add(self, value: Any) -> None:
        """Adds one row's value.

        Raises:
            ServingError: It is no tensor of the type, or has not the shape of those before.
        """
        shape, before = _shape(value), len(self._values)
        _fill(value, 0, shape, self._reader, self._values)
        size = len(self._values) - before
        if self._shape is None:
            self._shape, self._size = shape, size
        elif size != self._size:
            raise invalid(f"Expecting tensor size: {self._size} but got: {size}")
        elif shape != self._shape:
            raise invalid(f"Expecting shape {_text(self._shape)} but got: {_text(shape)}")

    def array(self, rows: int) -> NDArray[Any]:
        """Returns the tensor of all rows."""
        return _array(self._values, self._dtype, (rows, *(self._shape or ())))


def _text(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _shape(value: Any) -> tuple[int, ...]:
    """The shape that the first element of every list has."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _fill(value: Any, level: int, shape: tuple[int, ...], read: Reader, into: list[Any]) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {describe(value)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {len(shape)}"
            )
        into.append(read(value))
        return
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for element in value:
        _fill(element, level + 1, shape, read, into)


def _reader(dtype: str) -> Reader:
    if dtype in FLOATS:
        return float_reader(dtype)
    if dtype in INTEGERS:
        return integer_reader(dtype)
    if dtype == "string":
        return _read_string
    if dtype == "bool":
        return _read_bool
    return lambda value: _refuse(value, dtype)


def _read_string(value: Any) -> bytes:
    if isinstance(value, str):
        return encode(value)
    if isinstance(value, JsonObject):
        return decode_base64(value)
    raise wrong_type(value, "string")


def _read_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(value, "bool")
    return value


def _refuse(value: Any, dtype: str) -> Any:
    message = f"Conversion of JSON Value: {describe(value)} to type: {cxx_name(dtype)}"
    raise ServingError("UNIMPLEMENTED", message)


def _array(values: list[Any], dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if len(shape) > _MOST_DIMENSIONS:
        raise invalid(f"The tensor has {len(shape)} dimensions; the limit is {_MOST_DIMENSIONS}.")
    if dtype == "string":
        array = np.empty(len(values), object)
        array[:] = values
        return array.reshape(shape)
    if dtype in INTEGERS:  # by way of the wide type: a small one wraps around
        wide = np.uint64 if dtype.startswith("uint6") else np.int64
        return np.array(values, wide).astype(dtype).reshape(shape)
    if not values and dtype not in FLOATS and dtype != "bool":
        _refuse([], dtype)
    return np.array(values, dtype).reshape(shape)
