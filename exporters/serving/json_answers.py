"""Tensors as the JSON that TensorFlow Serving answers with.

A `string` tensor is text, unless the name of the output ends with `_bytes`: then every value is an
object `{"b64": ...}`. NaN and the infinities are written as such, which strict parsers refuse.
"""

import base64
import math
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.dtype_names import dtype_name
from kerasrun.exporters.serving.json_document import invalid
from kerasrun.exporters.serving.json_numbers import FLOATS, cxx_name, decimal, decimals
from kerasrun.exporters.serving.json_rules import Format

__all__ = ["write_classifications", "write_error", "write_predict", "write_regressions"]

_BYTES_SUFFIX = "_bytes"


def write_predict(outputs: Mapping[str, NDArray[Any]], form: Format) -> bytes:
    """Returns the answer to a request to predict.

    Args:
        outputs: By name.
        form: As the request had it: `row` gives one element for each row, `columnar` whole tensors.

    Raises:
        ServingError: There are none, one has a type that JSON has not, or rows are asked for and
            the outputs do not all have the same number of them.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    return _object("predictions", _rows(outputs)) if form == "row" else _columns(outputs)


def write_classifications(rows: Sequence[Sequence[tuple[bytes | str, float]]]) -> bytes:
    """Returns the answer to a request to classify: for each example its labels with their scores.

    Raises:
        ServingError: There are no examples.
    """
    if not rows:
        raise invalid("Cannot convert empty ClassificationResults to JSON")
    pairs = [
        [f"[{_text(label)}, {decimal(score, 'float32')}]" for label, score in row] for row in rows
    ]
    return _object("results", _list(map(_list, pairs)))


def write_regressions(values: NDArray[np.floating[Any]]) -> bytes:
    """Returns the answer to a request to regress: one number for each example.

    Raises:
        ServingError: There are no examples.
    """
    if not values.size:
        raise invalid("Cannot convert empty RegressionResults to JSON")
    return _object("results", _list(decimals(values)))


def write_error(message: str) -> bytes:
    """Returns the answer to a request that failed."""
    return b'{\n    "error": ' + encode_basestring(message).encode("utf-8", "replace") + b"\n}"


def _rows(outputs: Mapping[str, NDArray[Any]]) -> str:
    expected: int | None = None
    for name, tensor in outputs.items():
        if not tensor.ndim:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if expected is None:
            expected = len(tensor)
        elif len(tensor) != expected:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(tensor)} "
                f"expecting: {expected}"
            )
    columns = [_nested(name, tensor, 1) for name, tensor in outputs.items()]
    if len(columns) == 1:
        return _list(columns[0])
    keys = [encode_basestring(name) for name in outputs]
    return _list(
        "{" + ", ".join(f"{key}: {text}" for key, text in zip(keys, row, strict=True)) + "}"
        for row in zip(*columns, strict=True)
    )


def _columns(outputs: Mapping[str, NDArray[Any]]) -> bytes:
    texts = {name: _nested(name, tensor, 0)[0] for name, tensor in outputs.items()}
    if len(texts) == 1:
        return _object("outputs", *texts.values())
    members = ",\n".join(f"        {encode_basestring(key)}: {text}" for key, text in texts.items())
    return _object("outputs", f"{{\n{members}\n    }}")


def _object(key: str, value: str) -> bytes:
    # What is no UTF-8 in a string goes out as it came from the model.
    return f'{{\n    "{key}": {value}\n}}'.encode("utf-8", "surrogateescape")


def _list(elements: Any) -> str:
    return f"[{', '.join(elements)}]"


def _nested(name: str, tensor: NDArray[Any], keep: int) -> list[str]:
    """Returns the text of a tensor; with `keep` 1, of each of its rows."""
    texts = _flat(name, tensor)
    for axis in range(tensor.ndim - 1, keep - 1, -1):
        size = tensor.shape[axis]
        count = math.prod(tensor.shape[:axis])
        texts = [_list(texts[i * size : (i + 1) * size]) for i in range(count)]
    return texts


def _flat(name: str, tensor: NDArray[Any]) -> list[str]:
    kind = tensor.dtype.kind
    if dtype_name(tensor.dtype) in FLOATS:
        return decimals(tensor)
    if kind in "iu":
        return list(map(str, tensor.ravel().tolist()))
    if kind == "b":
        return ["true" if value else "false" for value in tensor.ravel().tolist()]
    if kind in "OSU":
        write = _base64 if name.endswith(_BYTES_SUFFIX) else _text
        return list(map(write, tensor.ravel().tolist()))
    raise invalid(f"Failed to write JSON value for tensor type: {cxx_name(tensor.dtype.name)}")


def _base64(value: bytes | str) -> str:
    data = value.encode() if isinstance(value, str) else value
    return f'{{"b64": "{base64.b64encode(data).decode()}"}}'


def _text(value: bytes | str) -> str:
    text = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
    return encode_basestring(text)
