"""The JSON rules give what TensorFlow Serving's own tests expect."""

import json
import re
from typing import Any

import numpy as np
import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_answers import (
    write_classifications,
    write_error,
    write_predict,
    write_regressions,
)
from kerasrun.exporters.serving.json_examples import parse_examples
from kerasrun.exporters.serving.json_rules import parse_predict
from kerasrun.exporters.serving.signature import DEFAULT_SIGNATURE
from tests.exporters.serving.vectors import DTYPES, numbered, signature, tensor


def same_json(text: bytes, expected: str, as_strings: bool) -> bool:
    """Whether two texts are the same document; with `as_strings`, also number for number."""
    read: dict[str, Any] = {"parse_float": str, "parse_int": str, "parse_constant": str}
    read = read if as_strings else {}
    one, other = json.loads(text, **read), json.loads(expected, **read)
    return bool(one == other)


@pytest.mark.parametrize("vector", numbered("predict_request"))
def test_a_request_to_predict(vector: dict[str, Any]) -> None:
    asked = signature({name: DTYPES[dtype] for name, dtype in vector["inputs"].items()})
    name = vector.get("signature_name", DEFAULT_SIGNATURE)
    body = vector["json"].encode()
    if "error" in vector:
        with pytest.raises(ServingError, match=re.escape(vector["error"])):
            parse_predict(body, {name: asked})
        return
    request = parse_predict(body, {name: asked})
    assert request.signature == name
    assert request.format == vector["format"].lower()
    assert request.inputs.keys() == vector["expect"].keys()
    for key, text in vector["expect"].items():
        expected = tensor(text)
        assert request.inputs[key].dtype == expected.dtype
        np.testing.assert_array_equal(request.inputs[key], expected, strict=True)


@pytest.mark.parametrize("vector", numbered("predict_response"))
def test_an_answer_to_predict(vector: dict[str, Any]) -> None:
    outputs = {name: tensor(text) for name, text in vector["tensors"].items()}
    form = "row" if vector["format"] == "Row" else "columnar"
    if "error" in vector:
        with pytest.raises(ServingError, match=re.escape(vector["error"])):
            write_predict(outputs, form)  # type: ignore[arg-type]
        return
    text = write_predict(outputs, form)  # type: ignore[arg-type]
    assert same_json(text, vector["json"], vector["as_strings"])


@pytest.mark.parametrize("vector", numbered("example_request"))
def test_a_request_with_examples(vector: dict[str, Any]) -> None:
    if "error" in vector:
        with pytest.raises(ServingError, match=re.escape(vector["error"])):
            parse_examples(vector["json"].encode())
        return
    request = parse_examples(vector["json"].encode())
    assert request.context is None
    found = [(name, *feature) for example in request.examples for name, feature in example.items()]
    expected = []
    for key, kind, values in re.findall(
        r'key:\s*"(\w+)"\s*value\s*\{\s*(\w+)\s*\{([^}]*)\}', vector["request"]
    ):
        each = re.findall(r'value:\s*"?([\w.]+)"?', values)
        convert: Any = {"bytes_list": str.encode, "float_list": float, "int64_list": int}[kind]
        expected.append((key, kind, [convert(value) for value in each]))
    assert len(expected) == 5
    assert found == expected


@pytest.mark.parametrize("vector", numbered("result_response"))
def test_an_answer_with_results(vector: dict[str, Any]) -> None:
    rows = [
        [
            (label.encode(), float(np.float32(score)))
            for label, score in re.findall(r'label: "(\w+)" score: (\S+)', part)
        ]
        for part in vector["result"].split("classifications")[1:]
    ]
    if "error" not in vector:
        assert same_json(write_classifications(rows), vector["json"], vector["as_strings"])
    elif vector["kind"] == "Classification":
        with pytest.raises(ServingError, match=vector["error"]):
            write_classifications(rows)
    else:
        with pytest.raises(ServingError, match=vector["error"]):
            write_regressions(np.empty(0, np.float32))


def test_an_error() -> None:
    (vector,) = (param.values[0] for param in numbered("status_json") if "Error" in str(param.id))
    assert same_json(write_error("Bad key: 'key'"), vector["json"], as_strings=False)
