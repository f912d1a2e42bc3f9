"""What the JSON rules take and what they refuse, beyond TensorFlow Serving's own tests."""

import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_answers import write_predict
from kerasrun.exporters.serving.json_document import is_deeper, parse
from kerasrun.exporters.serving.json_rules import parse_predict
from kerasrun.exporters.serving.signature import DEFAULT_SIGNATURE
from tests.exporters.serving.vectors import signature


def read(instances: str | bytes, dtype: str = "float32") -> Any:
    """The tensor of a request's rows, as lists."""
    text = instances.encode() if isinstance(instances, str) else instances
    body = b'{"instances": ' + text + b"}"
    return parse_predict(body, {DEFAULT_SIGNATURE: signature({"x": dtype})}).inputs["x"].tolist()


def refusal(body: bytes | str, **inputs: str) -> str:
    """Why a request is refused."""
    text = body.encode() if isinstance(body, str) else body
    with pytest.raises(ServingError) as caught:
        parse_predict(text, {DEFAULT_SIGNATURE: signature(inputs or {"x": "float32"})})
    assert caught.value.code in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Inf", math.inf),
        ("-Inf", -math.inf),
        ("-Infinity", -math.inf),
        ("1e-400", 0.0),
        ("-0", 0.0),
        ("16777215", 16777215.0),
        ("-16777215", -16777215.0),
        ("16777216.0", 16777216.0),
        ("1e38", float(np.float32(1e38))),
        ("100000000000000000000000", float(np.float32(1e23))),  # more than 64 bits: a double
    ],
)
def test_a_number_for_a_float(text: str, value: float) -> None:
    assert read(f"[{text}]") == [value]


@pytest.mark.parametrize("text", ["NaN", "-NaN"])
def test_not_a_number(text: str) -> None:
    assert math.isnan(read(f"[{text}]")[0])


@pytest.mark.parametrize(
    ("dtype", "text", "words"),
    [
        ("float32", "16777216", "Cannot convert JSON value: 16777216 to float without loss"),
        ("float32", "1e39", "to float without loss of precision"),
        ("float64", "9007199254740992", "to double without loss of precision"),
        ("float32", "true", "JSON Value: true Type: True is not of expected type: float"),
        ("float32", "null", "JSON Value: null Type: Null is not of expected type: float"),
        ("float32", '"1"', 'JSON Value: "1" Type: String is not of expected type: float'),
        ("float32", '{"b64": "AA=="}', "Type: Object is not of expected type: float"),
        ("int32", "1.0", "Type: Number is not of expected type: int32"),
        ("int32", "2147483648", "is not of expected type: int32"),
        ("int64", "9223372036854775808", "is not of expected type: int64"),
        ("int64", "true", "Type: True is not of expected type: int64"),
        ("uint32", "-1", "is not of expected type: uint32"),
        ("uint64", "18446744073709551616", "is not of expected type: uint64"),
        ("bool", "1", "Type: Number is not of expected type: bool"),
        ("string", "1", "Type: Number is not of expected type: string"),
        ("complex64", "1", "Conversion of JSON Value: 1 to type: complex64"),
    ],
)
def test_a_value_of_another_type(dtype: str, text: str, words: str) -> None:
    assert words in refusal(f'{{"instances": [{text}]}}', x=dtype)


def test_integers_keep_all_their_digits() -> None:
    assert read("[18446744073709551615]", "uint64") == [2**64 - 1]
    assert read("[-9223372036854775808]", "int64") == [-(2**63)]


def test_small_integers_wrap_around_as_the_servers_do() -> None:
    assert read("[255, 256, -1]", "uint8") == [255, 0, 255]
    assert read("[128]", "int8") == [-128]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The document is empty."),
        (b" \n", "The document is empty."),
        (b"[1]", "Is not object"),
        (b'{"instances": [1]} x', "The document root must not be followed by other values."),
        (b'{"instances": [1]', "Missing a comma or a closing bracket"),
        (b'{"instances" [1]}', "Missing a colon after a name of object member."),
        (b'{"instances": [1,]}', "Invalid value."),
        (b"{'instances': [1]}", "Missing a name for object member."),
        (b'{"instances": [01]}', "Missing a comma"),
        (b'{"instances": [1e999]}', "Number too big to be stored in double."),
        (b'{"instances": [Inf, 1e999]}', "Number too big to be stored in double."),
        (b'{"instances": [' + b"9" * 5000 + b"]}", "Number too big to be stored in double."),
        (b'{"instances": ["\\x"]}', "Invalid escape character in string."),
        (b'{"instances": ["\\u12g4"]}', "Incorrect hex digit after \\u escape in string."),
        (b'{"instances": ["\\ud800"]}', "The surrogate pair in string is invalid."),
        (b'{"\\udc80": 1, "instances": ["\xff"]}', "The surrogate pair in string is invalid."),
        (b'{"instances": ["\n"]}', "Invalid encoding in string."),
        (b'{"instances": ["', "Missing a closing quotation mark in string."),
        (b'{"instances": [Infinit]}', ""),
    ],
)
def test_a_text_that_is_no_request(body: bytes, words: str) -> None:
    assert words in refusal(body)


def test_the_place_of_a_mistake_is_counted_in_bytes() -> None:
    assert refusal('{"\u00e4": x}').endswith("at offset: 7")


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"inputs": 5}', b'{"inputs": 5}\0anything'])
def test_marks_at_the_ends_of_the_text_are_passed_over(body: bytes) -> None:
    request = parse_predict(body, {DEFAULT_SIGNATURE: signature({"x": "int32"})})
    assert request.inputs["x"].tolist() == 5


def test_bytes_that_are_no_text_pass_through() -> None:
    assert read(b'["\xff\x00"]'.replace(b"\x00", b"\\u0000"), "string") == [b"\xff\0"]
    values = np.array([b"\xff\0\n"], object)
    assert write_predict({"y": values}, "row") == b'{\n    "predictions": ["\xff\\u0000\\n"]\n}'


@pytest.mark.parametrize("text", ["aGVsbG8=", "aGVsbG8", "aGVs\\nbG8="])
def test_base64(text: str) -> None:
    assert read(f'[{{"b64": "{text}"}}]', "string") == [b"hello"]


@pytest.mark.parametrize("text", ["a", "*", "aGVsbG8=x", "\u00e4", "a_-b"])
def test_what_is_not_base64(text: str) -> None:
    assert "Unable to base64 decode" in refusal(
        f'{{"instances": [{{"b64": "{text}"}}]}}', x="string"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{}", "Missing 'inputs' or 'instances' key"),
        ('{"instances": 1}', "Excepting 'instances' to be an list/array"),
        ('{"instances": []}', "No values in 'instances' array"),
        ('{"instances": [1]}', "instances is a plain list, but expecting list of objects"),
        ('{"inputs": [1]}', "inputs is a plain value/list, but expecting an object"),
        ('{"inputs": {"x": 1}}', "Missing named input: y in 'inputs' object."),
        ('{"instances": [{"x": 1, "y": 2}, 3]}', "Expecting object but got list at item 1"),
        ('{"instances": [{"x": 1}]}', "keys must be equal to: x,y"),
        ('{"instances": [{"x": 1, "x": 2}]}', "keys must be equal to: x,y"),
        ('{"instances": [{"x": 1, "y": 2, "x": 3}]}', "keys must be equal to: x,y"),
        ('{"instances": [{"z": 1}]}', "key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON"),
        ('{"signature_name": "no"}', 'Serving signature name: "no" not found'),
    ],
)
def test_a_request_for_two_inputs_of_another_form(body: str, words: str) -> None:
    assert words in refusal(body, x="float32", y="float32")


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ("[[1, 2], [3]]", "list at unexpected size: 1 at level: 1 expected size: 2"),
        ("[[1], 2]", "JSON Value: 2 found at incorrect level: 2 in the JSON DOM"),
        ("[1, [2]]", "Encountered list at unexpected level: 1 expected < 1"),
    ],
)
def test_columns_that_are_not_regular(inputs: str, words: str) -> None:
    assert words in refusal(f'{{"inputs": {inputs}}}')


def test_the_first_of_equal_keys_counts() -> None:
    assert parse(b'{"a": 1, "a": 2, "b": 3, "a": 4}') == {"a": 1, "b": 3}


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(refusal(json.dumps({"instances": 1, "more": list(range(99_999))}))) < 600
    assert len(refusal(json.dumps({"instances": ["x" * 99_999]}))) < 600


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"b64":'])
def test_500000_levels_are_refused(opening: bytes) -> None:
    assert "nested deeper than the limit of 100" in refusal(b'{"inputs": ' + opening * 500_000)


@pytest.mark.parametrize("key", ["instances", "inputs"])
@pytest.mark.parametrize("dtype", ["float32", "string"])
def test_a_tensor_of_too_many_dimensions_is_refused(key: str, dtype: str) -> None:
    body = f'{{"{key}": {"[" * 70}1{"]" * 70}}}'.replace("1", '"1"' if dtype == "string" else "1")
    assert refusal(body, x=dtype) == "The tensor has 70 dimensions; the limit is 64."


@pytest.mark.timeout(20)
@pytest.mark.parametrize("start", [b'{"a": "', b'{"a": ' + b"[" * 200 + b'"', b'Inf"'])
def test_a_string_without_end_takes_no_time(start: bytes) -> None:
    assert "JSON Parse error" in refusal(start + b'\\"' * 1_000_000)


def test_the_limit_of_nesting_is_exact() -> None:
    parse(b'{"a": ' + b"[" * 99 + b"]" * 99 + b"}")
    assert is_deeper(b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", 100)
    parse(b'{"a": "' + b"[" * 999 + b'", "b": "\\"' + b"{" * 999 + b'"}')  # text is not nested
    parse(b'{"a": [' + b"[]," * 999 + b"1]}")


def test_the_rules_need_no_tensorflow() -> None:
    modules = "json_rules, json_fast, json_examples, json_answers, rest_paths, prometheus"
    code = f"from kerasrun.exporters.serving import {modules}; import sys"
    found = subprocess.run(
        [sys.executable, "-c", f"{code}; print('tensorflow' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stdout == "False\n", found.stderr
