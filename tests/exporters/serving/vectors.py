"""What TensorFlow Serving's own tests expect.

`tfserving_vectors.json` holds requests and answers as stated by the tests `json_tensor_test`,
`http_rest_api_util_test` and `http_rest_api_handler_test` of tensorflow/serving at 9d981c5,
Copyright Google Inc., under the Apache License 2.0 (this repository's LICENSE).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.signature import PREDICT, Signature, TensorSpec

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("tfserving_vectors.json").read_text())
DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_INT32": "int32",
    "DT_STRING": "string",
    "DT_COMPLEX64": "complex64",
}


def numbered(section: str) -> list[Any]:
    """Parameters of a test: the vectors of a section, by number and name."""
    import pytest

    return [
        pytest.param(each, id=f"{number}-{each['test']}")
        for number, each in enumerate(VECTORS[section])
    ]


def signature(inputs: Mapping[str, str]) -> Signature:
    """A signature to predict, by the types of its inputs."""
    return Signature(
        PREDICT, {name: TensorSpec(dtype, 0, None) for name, dtype in inputs.items()}, {}
    )


def tensor(text: str) -> NDArray[Any]:
    """The tensor that a `TensorProto` in text form is."""
    dtype = DTYPES[re.findall(r"dtype:\s*(\w+)", text)[0]]
    shape = [int(size) for size in re.findall(r"size:\s*(\d+)", text)]
    values = re.findall(r"\w+_val:\s*(\S+)", text)
    if dtype == "string":
        made = np.empty(len(values), object)
        made[:] = [value.strip('"').encode() for value in values]
        return made.reshape(shape)
    if dtype == "complex64":
        return np.zeros(shape, dtype)
    return np.array([float(value) for value in values]).astype(dtype).reshape(shape)
