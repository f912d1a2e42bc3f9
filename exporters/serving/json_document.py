"""Reads the text of a request as TensorFlow Serving's parser (RapidJSON) does.

More than `json.loads`: `Inf`, `-Inf` and `-NaN` are numbers, a number that no double holds is
an error, bytes that are no UTF-8 pass through a string unchanged, and an object remembers every
pair, as the rules differ on which of two equal keys counts.

Two things are ours: a limit on how deep a document is nested, and a double is the nearest one,
where RapidJSON may be off in the last digits.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasrun.exporters.serving.errors import ServingError

__all__ = ["MAX_NESTING", "JsonObject", "describe", "invalid", "parse", "type_name"]

MAX_NESTING = 100
_SHOWN = 400  # characters of a value in a message: a request may hold megabytes
# A string that nothing ends is matched, too: else each quote in it would be tried as a beginning.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*+"?|-?Inf(?![a-z])|-NaN', re.DOTALL)
_CONSTANTS = {"Inf": "Infinity", "-Inf": "-Infinity", "-NaN": "NaN"}
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_WHITESPACE = " \t\n\r"
_BOM = b"\xef\xbb\xbf"


class JsonObject(dict[str, Any]):
    """An object: as a mapping it has the first of equal keys; `pairs` has all of them."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs
        if len(self) != len(pairs):
            super().update(reversed(pairs))


def invalid(message: str) -> ServingError:
    """Returns the error of a request that breaks a rule."""
    return ServingError("INVALID_ARGUMENT", message)


def parse(body: bytes, max_nesting: int = MAX_NESTING) -> JsonObject:
    """Returns the object that a request's body holds.

    Raises:
        ServingError: It is no JSON, nested too deep, or not an object.
    """
    if not body:
        raise _parse_error("The document is empty.")
    if is_deeper(body, max_nesting):
        raise invalid(f"JSON Parse error: nested deeper than the limit of {max_nesting} levels")
    text = body.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    document = _document(text)
    if _SURROGATE.search(body):
        _refuse_half_characters(text, document)
    if not isinstance(document, JsonObject):
        raise invalid(f"JSON Value: {describe(document)} Is not object")
    return document


def is_deeper(body: bytes, levels: int) -> bool:
    """Whether lists and objects lie in one another more than `levels` deep."""
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    if b'"' in body:
        body = _STRING.sub(b"", body)
    codes = np.frombuffer(body, np.uint8) | 0x20  # the bit that "[" and "{" differ in
    opened = codes[(codes == 0x7B) | (codes == 0x7D)] == 0x7B
    return bool(np.where(opened, 1, -1).cumsum().max(initial=0) > levels)


def describe(value: Any) -> str:
    """Returns a value as text for a message, cut where it is long."""
    if isinstance(value, str):
        value = value[:_SHOWN]
    parts: list[str] = []
    size = 0
    for part in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(value):
        parts.append(part)
        size += len(part)
        if size > _SHOWN:
            return f"{''.join(parts)[:_SHOWN]}..."
    return "".join(parts)


def type_name(value: Any) -> str:
    """Returns RapidJSON's name for the type of a value."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return str(value)
    names = {dict: "Object", list: "Array", str: "String"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "Number")


class _TooBig(ValueError):
    """A number that no double holds."""


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _TooBig
    return value


def _integer(text: str) -> int | float:
    """RapidJSON's: what neither 64-bit type holds is a double."""
    if len(text) < 19:
        return int(text)
    value = _number(text)
    exact = int(text) if len(text) <= 20 else None
    return exact if exact is not None and -(2**63) <= exact < 2**64 else value


_DECODER = json.JSONDecoder(
    object_pairs_hook=JsonObject, parse_float=_number, parse_int=_integer, strict=True
)


def _document(text: str) -> Any:
    try:
        try:
            return _decode(text)
        except json.JSONDecodeError:
            # Constants that Python does not know are rare: they are looked for once it has failed.
            plain = _STRING_OR_CONSTANT.sub(lambda match: _CONSTANTS.get(match[0], match[0]), text)
            if plain == text:
                raise
            return _decode(plain)
    except json.JSONDecodeError as error:
        raise _at(error) from None
    except _TooBig:
        raise _parse_error("Number too big to be stored in double.") from None
    except RecursionError:  # the limit that was asked for is above Python's
        raise invalid("JSON Parse error: nested too deep") from None


def _decode(text: str) -> Any:
    start = len(text) - len(text.lstrip(_WHITESPACE))
    if start == len(text):
        raise json.JSONDecodeError("The document is empty.", text, start)
    value, end = _DECODER.raw_decode(text, start)
    rest = text[end:].lstrip(_WHITESPACE)
    if rest and not rest.startswith("\0"):  # for RapidJSON a text ends at a zero byte
        message = "The document root must not be followed by other values."
        raise json.JSONDecodeError(message, text, len(text) - len(rest))
    return value


_WORDS = {
    "Expecting value": "Invalid value.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Illegal trailing comma before end of object": "Missing a name for object member.",
    "Illegal trailing comma before end of array": "Invalid value.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid control character at": "Invalid encoding in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
    "Invalid \\escape": "Invalid escape character in string.",
}


def _at(error: json.JSONDecodeError) -> ServingError:
    if error.msg.startswith("Expecting ',' delimiter"):
        words = "Missing a comma or a closing bracket after a member or element."
    else:
        known = (words for start, words in _WORDS.items() if error.msg.startswith(start))
        words = next(known, error.msg)
    offset = len(error.doc[: error.pos].encode("utf-8", "surrogateescape"))
    return _parse_error(words, offset)


def _parse_error(words: str, offset: int = 0) -> ServingError:
    return invalid(f"JSON Parse error: {words} at offset: {offset}")


def _refuse_half_characters(text: str, document: Any) -> None:
    """`\\ud800` alone is half a character; with bytes that are no UTF-8 the two look alike."""
    try:
        text.encode()
        for string in _strings(document):
            string.encode()
    except UnicodeEncodeError:
        raise _parse_error("The surrogate pair in string is invalid.") from None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, JsonObject):
        for key, member in value.pairs:
            yield key
            yield from _strings(member)
    elif isinstance(value, list):
        for element in value:
            yield from _strings(element)
