"""How tensors and numbers are written into JSON."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_answers import write_error, write_predict
from kerasrun.exporters.serving.json_numbers import decimal, decimals


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.floats(width=32), st.integers(-(10**7), 10**7))),
    st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_a_number_is_read_back_as_it_was_written(values: list[float], kind: Any) -> None:
    with np.errstate(over="ignore"):
        array = np.array(values, kind)
    texts = decimals(array)
    assert texts == [decimal(value, array.dtype.name) for value in array.tolist()]
    assert decimals(np.tile(array, 20)) == texts * 20  # many are written together
    assert all({".", "e", "N", "I"} & set(text) for text in texts)
    back = np.array([float(text) for text in texts], kind)
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.2), "0.2"),
        (np.float32(9_000_000), "9e+06"),
        (np.float32(0.00003), "3e-05"),
        (np.float32(3), "3.0"),
        (np.float32(-0.0), "-0.0"),
        (np.float32(16777215), "16777215.0"),
        (np.float32(1 / 3), "0.333333343"),
        (np.float64(1 / 3), "0.33333333333333331"),
        (np.float16(65504), "65504.0"),
        (np.finfo(np.float32).max, "3.40282347e+38"),
        (np.finfo(np.float64).max, "1.7976931348623157e+308"),
    ],
)
def test_how_a_number_is_written(value: Any, text: str) -> None:
    assert decimal(float(value), value.dtype.name) == text
    assert decimals(np.array([value])) == [text]
    assert decimals(np.array([value] * 50)) == [text] * 50


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"y": np.float32(1)}, "Tensor name: y has no shape information"),
        ({"y": np.zeros(2), "z": np.zeros(3)}, "z has inconsistent batch size: 3 expecting: 2"),
    ],
)
def test_outputs_that_have_no_rows(outputs: Any, words: str) -> None:
    arrays = {name: np.asarray(value) for name, value in outputs.items()}
    with pytest.raises(ServingError, match=words):
        write_predict(arrays, "row")
    assert json.loads(write_predict(arrays, "columnar"))


def test_outputs_without_values() -> None:
    assert json.loads(write_predict({"y": np.zeros((2, 0, 3))}, "row")) == {"predictions": [[], []]}
    assert json.loads(write_predict({"y": np.zeros((0, 3))}, "columnar")) == {"outputs": []}


def test_bools_and_integers() -> None:
    outputs = {"a": np.array([True, False]), "b": np.array([[2**63], [1]], np.uint64)}
    rows = [{"a": True, "b": [2**63]}, {"a": False, "b": [1]}]
    assert json.loads(write_predict(outputs, "row")) == {"predictions": rows}


def test_an_error_may_hold_any_text() -> None:
    message = 'a "quote",\n\ud800 and \u00e4'
    assert json.loads(write_error(message))["error"] == 'a "quote",\n? and \u00e4'
