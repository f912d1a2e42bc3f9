"""Numbers as TensorFlow Serving reads them from JSON and writes them into it.

A number is read only where it loses nothing: no bool for a number, no `1.0` for an integer, no
integer for a float that cannot tell it from the next. It is written with six digits where these
give the same number back, else with all that its type has, and always with a point or an exponent.
"""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.dtype_names import dtype_name
from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_document import describe, invalid, type_name

__all__ = ["FLOATS", "INTEGERS", "decimal", "decimals", "float_reader", "integer_reader"]

# By TensorFlow's name: how its C++ says it, the largest integer it holds without loss, its limit.
FLOATS: dict[str, tuple[str, int, float]] = {
    "float16": ("half", 2**11 - 1, float(np.finfo(np.float16).max)),
    "float32": ("float", 2**24 - 1, float(np.finfo(np.float32).max)),
    "float64": ("double", 2**53 - 1, float(np.finfo(np.float64).max)),
}
# What a number of the type must lie in. The small ones wrap around afterwards, as the server's do.
INTEGERS: dict[str, tuple[int, int]] = {
    "int8": (-(2**31), 2**31 - 1),
    "int16": (-(2**31), 2**31 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_DIGITS = {"float16": 5, "float32": 9, "float64": 17}
_CODES = dict(zip(FLOATS, "efd", strict=True))
_PACKED = {name: struct.Struct(code) for name, code in _CODES.items()}
_FEW = 16  # numbers up to which NumPy costs more than it saves
_CXX = {name: words for name, (words, _, _) in FLOATS.items()}


def cxx_name(dtype: str) -> str:
    """Returns the name of a type in TensorFlow's messages: `float` for `float32`."""
    return _CXX.get(dtype, dtype)


def wrong_type(value: Any, dtype: str) -> ServingError:
    """Returns the error of a value that is not of the input's type."""
    return invalid(
        f"JSON Value: {describe(value)} Type: {type_name(value)} "
        f"is not of expected type: {cxx_name(dtype)}"
    )


def float_reader(dtype: str) -> Callable[[Any], float]:
    """Returns what makes a number of a floating type out of a JSON value."""
    words, largest, limit = FLOATS[dtype]

    def read(value: Any) -> float:
        kind = type(value)
        if kind is float:
            if -limit <= value <= limit or value - value != 0:  # NaN and infinities pass
                return float(value)
        elif kind is not int:
            raise wrong_type(value, dtype)
        elif -largest <= value <= largest:
            return float(value)
        raise invalid(
            f"Cannot convert JSON value: {describe(value)} to {words} without loss of precision."
        )

    return read


def integer_reader(dtype: str) -> Callable[[Any], int]:
    """Returns what makes a number of an integer type out of a JSON value."""
    low, high = INTEGERS[dtype]

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise wrong_type(value, dtype)
        return value

    return read


def decimal(value: float, dtype: str) -> str:
    """Returns one number of a floating type as JSON text."""
    if value - value != 0:
        return _unusual(value)
    text = f"{value:g}"
    if not _holds(text, value, dtype):
        text = f"{value:.{_DIGITS[dtype]}g}"
    return _with_point(text)


def decimals(array: NDArray[np.floating[Any]]) -> list[str]:
    """Returns the numbers of an array, flat, as `decimal` writes each of them."""
    flat, dtype = array.ravel(), dtype_name(array.dtype)
    values = flat.tolist()
    if len(values) <= _FEW:
        return _few_decimals(values, dtype)
    long = f"%.{_DIGITS[dtype]}g"
    short = ("%g " * len(values) % tuple(values)).split()
    with np.errstate(over="ignore"):  # six digits of the largest number may be more than it
        same = np.array(short, object).astype(np.float64).astype(flat.dtype) == flat
    texts = [
        _with_point(text if fits else long % value)
        for text, fits, value in zip(short, same.tolist(), values, strict=True)
    ]
    for place in np.flatnonzero(~np.isfinite(flat)).tolist():
        texts[place] = _unusual(values[place])
    return texts


def _few_decimals(values: list[float], dtype: str) -> list[str]:
    total = sum(values)
    if total - total != 0:  # some may be infinite or NaN
        return [decimal(value, dtype) for value in values]
    code = f"{len(values)}{_CODES[dtype]}"
    short = ("%g " * len(values) % tuple(values)).split()
    try:
        back = struct.unpack(code, struct.pack(code, *map(float, short)))
    except OverflowError:  # see _holds
        return [decimal(value, dtype) for value in values]
    long = f"%.{_DIGITS[dtype]}g"
    texts = [s if b == v else long % v for s, b, v in zip(short, back, values, strict=True)]
    return [text if "." in text or "e" in text else f"{text}.0" for text in texts]


def _holds(text: str, value: float, dtype: str) -> bool:
    packed = _PACKED[dtype]
    try:
        (back,) = packed.unpack(packed.pack(float(text)))
    except OverflowError:  # six digits of the largest number may be more than it
        return False
    return bool(back == value)


def _with_point(text: str) -> str:
    return text if "." in text or "e" in text else f"{text}.0"


def _unusual(value: float) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
