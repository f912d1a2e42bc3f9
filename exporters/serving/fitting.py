"""Whether a request fits a signature, in TensorFlow Serving's words where it does not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.dtype_names import dtype_name
from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.signature import Signature, TensorSpec

Tensors = Mapping[str, NDArray[Any]]


def checked_inputs(signature: Signature, inputs: Tensors) -> dict[str, NDArray[Any]]:
    """Returns the inputs in the signature's order, texts as bytes.

    Raises:
        ServingError: One is missing, unknown or of another type.
    """
    if inputs.keys() != signature.inputs.keys():
        raise _other_names(signature, inputs)
    return {name: _typed(name, inputs[name], spec) for name, spec in signature.inputs.items()}


def _other_names(signature: Signature, inputs: Tensors) -> ServingError:
    extra, missing = (
        inputs.keys() - signature.inputs.keys(),
        signature.inputs.keys() - inputs.keys(),
    )
    if len(inputs) != len(signature.inputs):
        return ServingError(
            "INVALID_ARGUMENT",
            f"input size does not match signature: {len(inputs)}!={len(signature.inputs)} "
            f"len({_named(inputs)}) != len({_named(signature.inputs)}). "
            f"Sent extra: {_named(extra)}. Missing but required: {_named(missing)}.",
        )
    return ServingError(
        "INVALID_ARGUMENT",
        f"input tensor alias not found in signature: {min(extra)}. "
        f"Inputs expected to be in the set {_named(signature.inputs)}.",
    )


def _typed(name: str, value: NDArray[Any], spec: TensorSpec) -> NDArray[Any]:
    # The prepared call reads what it is given as the type that the graph has.
    if dtype_name(value.dtype) == spec.dtype:
        return value
    is_text = value.dtype.kind in "OSU"
    if is_text and spec.dtype == "string":
        return _as_bytes(name, value)
    found = "string" if is_text else value.dtype.name
    raise ServingError(
        "INVALID_ARGUMENT",
        f"Expected input {name} to be of type {spec.dtype}, got {found}.",
    )


def _as_bytes(name: str, texts: NDArray[Any]) -> NDArray[Any]:
    if texts.dtype.kind == "O" and all(type(each) is bytes for each in texts.flat):
        return texts
    encoded = np.empty(texts.shape, object)
    for i, each in enumerate(texts.flat):
        if not isinstance(each, str | bytes):
            raise ServingError("INVALID_ARGUMENT", f"Input {name} holds no text: {each!r:.80}")
        try:
            encoded.flat[i] = each.encode() if isinstance(each, str) else bytes(each)
        except UnicodeError as error:
            raise ServingError("INVALID_ARGUMENT", f"Input {name} holds no text: {error}") from None
    return encoded


def checked_outputs(signature: Signature, outputs: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the outputs that are wanted: all, if none is named.

    Raises:
        ServingError: One is unknown or named twice.
    """
    for name in outputs:
        if name not in signature.outputs:
            raise ServingError(
                "INVALID_ARGUMENT",
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {_named(signature.outputs)}.",
            )
        if outputs.count(name) > 1:
            raise ServingError("INVALID_ARGUMENT", f"duplicate output tensor alias: {name}")
    return tuple(outputs) or tuple(signature.outputs)


def _named(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
