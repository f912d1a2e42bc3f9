"""The short way through the JSON rules gives what the long way gives, or declines."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_fast import parse_predict_fast, try_parse
from kerasrun.exporters.serving.json_rules import PredictRequest, parse_predict
from kerasrun.exporters.serving.signature import DEFAULT_SIGNATURE
from tests.exporters.serving.vectors import signature

pytest.importorskip("orjson")

TYPES = ["float32", "float64", "float16", "int32", "int64", "uint8", "int8", "uint32", "uint64"]
EDGES = [0, -1, 2047, 2048, 2**24 - 1, 2**24, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**400]

# What looks alike to one parser and not to the other, as text.
ODD = ["-0", "-0.0", "1e400", "1e-400", "1e39", "NaN", "Infinity", "-Infinity", "Inf", "true"]
ODD += ["null", '"a"', '{"b64": "aGk="}', '{"b64": 1}', "[]", "{}", "01", "1.", "0.1e1", "65504.5"]
numbers = st.one_of(
    st.integers(-300, 300).map(str),
    st.sampled_from(EDGES).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(repr),
)
values = st.one_of(numbers, numbers, numbers, st.sampled_from(ODD))


def listed(elements: list[str]) -> str:
    return f"[{', '.join(elements)}]"


@st.composite
def tensors(draw: st.DrawFn) -> str:
    """Lists in lists: mostly regular, of numbers of one kind."""
    shape = draw(st.lists(st.integers(1, 3), max_size=3))
    kind = draw(st.sampled_from([st.integers(-9, 300).map(str), numbers, values]))
    texts = draw(st.lists(kind, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    for size in reversed(shape):
        texts = [listed(texts[i : i + size]) for i in range(0, len(texts), size)]
    return texts[0] if draw(st.integers(0, 9)) else listed(texts + draw(st.lists(values)))


@st.composite
def plain_bodies(draw: st.DrawFn) -> str:
    """Requests that are mostly good: numbers, one or two in them odd."""
    size = draw(st.integers(1, 5))
    rows = draw(st.lists(numbers, min_size=size, max_size=size))
    if draw(st.booleans()):
        rows[draw(st.integers(0, size - 1))] = draw(values)
    if draw(st.booleans()):
        rows = [f'{{"x": {value}}}' for value in rows]
    return f'{{"instances": {listed(rows)}}}'


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Requests, good and bad, for inputs `x`, or `x` and `y`."""
    named = st.lists(
        st.tuples(st.sampled_from(['"x"', '"y"', '"x"', r'"\u0078"', '"z"']), tensors()), max_size=3
    ).map(lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}")
    plain = st.one_of(tensors(), named, st.lists(named, max_size=3).map(listed))
    keys = st.sampled_from(['"instances"', '"inputs"', '"instances"', '"signature_name"', '"a"'])
    pairs = draw(st.lists(st.tuples(keys, plain), min_size=1, max_size=2))
    if draw(st.integers(0, 3)) == 0:
        pairs.append(('"signature_name"', draw(st.sampled_from(['"two"', '""', '"no"', "5"]))))
    text = "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
    return (
        draw(st.sampled_from(["", "", "", " ", "\ufeff"]))
        + text
        + draw(st.sampled_from(["", "", "", "\n", "}", "\0x"]))
    )


def outcome(body: bytes, signatures: Any) -> PredictRequest | None:
    try:
        return parse_predict(body, signatures)
    except ServingError:
        return None


def check_same(body: bytes, signatures: Any) -> bool:
    """Whether the short way was taken; then it led to the same place."""
    fast = try_parse(body, signatures)
    if fast is None:
        return False
    exact = parse_predict(body, signatures)  # it never takes what is refused
    assert (fast.signature, fast.format) == (exact.signature, exact.format)
    assert fast.inputs.keys() == exact.inputs.keys()
    for name, value in exact.inputs.items():
        assert fast.inputs[name].dtype == value.dtype
        assert fast.inputs[name].shape == value.shape
        assert fast.inputs[name].tobytes() == value.tobytes()  # a zero's sign, too
    return True


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(plain_bodies(), plain_bodies(), bodies()),
    st.sampled_from(TYPES),
    st.sampled_from(TYPES),
)
def test_it_gives_the_same_or_declines(body: str, one: str, other: str) -> None:
    signatures = {
        DEFAULT_SIGNATURE: signature({"x": one}),
        "two": signature({"x": one, "y": other}),
    }
    check_same(body.encode(), signatures)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("odd", ["1", "0", "0.5", "-0.0", *map(str, EDGES[:-1]), "1e39", "65504.5"])
def test_it_gives_the_same_of_many_numbers(odd: str, dtype: str) -> None:
    body = f'{{"instances": {listed(["1.5"] * 99 + [odd])}}}'.encode()
    check_same(body, {DEFAULT_SIGNATURE: signature({"x": dtype})})
    body = f'{{"instances": {listed(["1"] * 99 + [odd])}}}'.encode()
    check_same(body, {DEFAULT_SIGNATURE: signature({"x": dtype})})


@pytest.mark.parametrize("key", ["instances", "inputs"])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("value", [[1, 2], [[1, 2], [3, 4]], [[[7]]]])
def test_it_takes_plain_numbers(value: Any, dtype: str, key: str) -> None:
    body = json.dumps({key: value}).encode()
    assert check_same(body, {DEFAULT_SIGNATURE: signature({"x": dtype})})


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [{"x": 1.5, "y": [1, 2]}, {"y": [3, 4], "x": 2}]}',
        b'{"inputs": {"x": [1.5, 2], "y": [[1, 2], [3, 4]]}, "signature_name": "serving_default"}',
    ],
)
def test_it_takes_named_numbers(body: bytes) -> None:
    assert check_same(body, {DEFAULT_SIGNATURE: signature({"x": "float32", "y": "int64"})})


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [1], "instances": [2]}',
        b'{"instances": [{"x": 1, "x": 2}]}',
        b'{"instances": [true]}',
        b'{"instances": [null]}',
        b'{"instances": [1, [2]]}',
        b'{"instances": []}',
        b'{"instances": [NaN]}',
        b'{"instances": [16777217]}',
        b'{"instances": [1], "inputs": [1]}',
        b'{"instances": [1], "other": [1]}',
        b'{"signature_name": 5, "instances": [1]}',
    ],
)
def test_it_declines_what_is_not_plain(body: bytes) -> None:
    assert try_parse(body, {DEFAULT_SIGNATURE: signature({"x": "float32"})}) is None


def test_it_keeps_to_the_limit_of_nesting() -> None:
    signatures = {DEFAULT_SIGNATURE: signature({"x": "float32"})}
    body = b'{"instances": [[[1.5]]]}'
    assert parse_predict_fast(body, signatures, max_nesting=4).inputs["x"].shape == (1, 1, 1)
    with pytest.raises(ServingError, match="nested deeper than the limit of 3 levels"):
        parse_predict_fast(body, signatures, max_nesting=3)
