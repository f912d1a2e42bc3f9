"""TensorFlow Serving's rules for `:classify` and `:regress`: JSON objects as `tf.train.Example`s.

A feature is a value or a flat list of values of one kind: strings and `{"b64": ...}` are bytes,
numbers with a point or an exponent are floats, other numbers and bools are int64.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.json_document import (
    MAX_NESTING,
    JsonObject,
    describe,
    invalid,
    parse,
    type_name,
)
from kerasrun.exporters.serving.json_numbers import float_reader
from kerasrun.exporters.serving.json_rules import signature_name
from kerasrun.exporters.serving.json_tensors import decode_base64, encode, is_base64

__all__ = ["ExampleRequest", "Feature", "parse_examples", "serialized"]

_WORDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}
_read_float = float_reader("float32")


class Feature(NamedTuple):
    """The values of one feature of one example.

    Attributes:
        kind: The field of `tf.train.Feature`: `bytes_list`, `float_list` or `int64_list`; empty
            where there are no values.
        values: Bytes objects, floats or integers.
    """

    kind: str
    values: list[Any]


Example = dict[str, Feature]


class ExampleRequest(NamedTuple):
    """What a client asks of a model.

    Attributes:
        signature: The name of the signature; the default one's where the client names none.
        examples: By the names of their features.
        context: Features of all examples that do not have them themselves.
    """

    signature: str
    examples: list[Example]
    context: Example | None


def parse_examples(body: bytes, max_nesting: int = MAX_NESTING) -> ExampleRequest:
    """Returns the request that `body` holds.

    Raises:
        ServingError: It breaks a rule.
    """
    document = parse(body, max_nesting)
    name = signature_name(document)
    context = _example(document["context"]) if "context" in document else None
    if "examples" not in document:
        raise invalid(
            f"JSON Value: {describe(document)} When method is classify, "
            "key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise invalid(
            f"JSON Value: {describe(document)} Expecting 'examples' value to be an list/array"
        )
    if not examples:
        raise invalid(f"JSON Value: {describe(document)} 'examples' value is an empty array")
    return ExampleRequest(name, [_example(each) for each in examples], context)


def serialized(request: ExampleRequest) -> NDArray[Any]:
    """Returns the examples as the vector of serialized `tf.train.Example`s that a model takes."""
    from tensorflow.core.example import example_pb2

    array = np.empty(len(request.examples), object)
    for number, example in enumerate(request.examples):
        message = example_pb2.Example()
        _fill(message, {**(request.context or {}), **example})
        array[number] = message.SerializeToString()
    return array


def _fill(message: Any, example: Mapping[str, Feature]) -> None:
    for name, feature in example.items():
        made = message.features.feature[name]  # there, even if it has no values
        if feature.kind:
            getattr(made, feature.kind).value.extend(feature.values)


def _example(value: Any) -> Example:
    if not isinstance(value, JsonObject):
        raise invalid(f"Example must be JSON object but got JSON {type_name(value)}")
    return {_key(name): _feature(name, content) for name, content in value.pairs}


def _key(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise invalid(f"Feature: {name!a} is not valid UTF-8") from None
    return name


def _feature(name: str, content: Any) -> Feature:
    kind, values = "", []
    for value in content if isinstance(content, list) else [content]:
        found, converted = _value(name, value)
        if kind and found != kind:
            raise invalid(
                f"Unexpected element type in feature: {name} expecting type: {_WORDS[kind]}"
            )
        kind = found
        values.append(converted)
    return Feature(kind, values)


def _value(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, str):
        return "bytes_list", encode(value)
    if isinstance(value, float):
        return "float_list", _read_float(value)
    if isinstance(value, int):  # a bool is one
        return "int64_list", _int64(name, value)
    if is_base64(value):
        return "bytes_list", decode_base64(value)
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")


def _int64(name: str, value: int) -> int:
    if value >= 2**63:
        raise invalid(f"Feature: {name} has uint64 element. Only int64_t is supported.")
    return int(value)
