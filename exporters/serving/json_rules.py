"""TensorFlow Serving's rules for `:predict`: what a JSON request says, as tensors.

    request = parse_predict(body, signatures)
    outputs = servable.run(request.signature, request.inputs)
    text = write_predict(outputs, request.format)  # see json_answers.py

Rows (`instances`) are single examples, joined here; columns (`inputs`) are whole tensors.
Nothing is converted silently: a shape that differs, or a number that the type cannot hold, is an
error in TensorFlow Serving's words.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_document import (
    MAX_NESTING,
    JsonObject,
    describe,
    invalid,
    parse,
)
from kerasrun.exporters.serving.json_tensors import Rows, is_base64, whole
from kerasrun.exporters.serving.signature import DEFAULT_SIGNATURE, Signature

__all__ = ["Format", "PredictRequest", "parse_predict", "signature_name", "signature_of"]

Format = Literal["row", "columnar"]


class PredictRequest(NamedTuple):
    """What a client asks of a model.

    Attributes:
        signature: The name of the signature; the default one's where the client names none.
        inputs: By name; a `string` tensor is an array of bytes objects.
        format: How the answer is to be written.
    """

    signature: str
    inputs: dict[str, NDArray[Any]]
    format: Format


def parse_predict(
    body: bytes, signatures: Mapping[str, Signature], max_nesting: int = MAX_NESTING
) -> PredictRequest:
    """Returns the request that `body` holds.

    Raises:
        ServingError: It breaks a rule.
    """
    document = parse(body, max_nesting)
    name = signature_name(document)
    types = {key: spec.dtype for key, spec in signature_of(signatures, name).inputs.items()}
    if not types:
        raise invalid(f"Failed to get input map for signature: {name}")
    rows, columns = "instances" in document, "inputs" in document
    if rows and columns:
        raise invalid(
            f"JSON Value: {describe(document)} Not formatted correctly expecting only one of "
            "'inputs' or 'instances' keys to exist "
        )
    if rows:
        return PredictRequest(name, _from_rows(document, types), "row")
    if columns:
        return PredictRequest(name, _from_columns(document["inputs"], types), "columnar")
    raise invalid("Missing 'inputs' or 'instances' key")


def signature_name(document: JsonObject) -> str:
    """Returns the name of the signature that a request is for.

    Raises:
        ServingError: It is no string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"JSON Value: {describe(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return name or DEFAULT_SIGNATURE


def signature_of(signatures: Mapping[str, Signature], name: str) -> Signature:
    """Returns the signature of a name.

    Raises:
        ServingError: The model has none of this name.
    """
    if name not in signatures:
        raise invalid(f'Serving signature name: "{name}" not found in signature def')
    return signatures[name]


def _from_rows(document: JsonObject, types: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    rows = document["instances"]
    if not isinstance(rows, list):
        raise invalid(f"JSON Value: {describe(document)} Excepting 'instances' to be an list/array")
    if not rows:
        raise invalid(f"JSON Value: {describe(document)} No values in 'instances' array")
    named = _is_named(rows[0])
    if not named and len(types) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    joined = {name: Rows(dtype) for name, dtype in types.items()}
    add = _add_named if named else _add_plain
    for number, row in enumerate(rows):
        add(row, number, joined)
    return {name: tensor.array(len(rows)) for name, tensor in joined.items()}


def _is_named(row: Any) -> bool:
    return isinstance(row, JsonObject) and not is_base64(row)


def _add_plain(row: Any, number: int, joined: Mapping[str, Rows]) -> None:
    if _is_named(row):
        raise invalid(f"Expecting value/list but got object at item {number} of input list")
    (tensor,) = joined.values()
    try:
        tensor.add(row)
    except ServingError as error:
        raise _in_row(error, f"{number}") from None


def _add_named(row: Any, number: int, joined: Mapping[str, Rows]) -> None:
    if not _is_named(row):
        raise invalid(f"Expecting object but got list at item {number} of input list")
    for name, value in row.pairs:
        try:
            if name not in joined:
                raise invalid(f"JSON object: does not have named input: {name}")
            joined[name].add(value)
        except ServingError as error:
            raise _in_row(error, f"{number} key: {name}") from None
    if len(row.pairs) != len(joined) or len(row) != len(joined):
        raise invalid(
            f"Failed to process element: {number} of 'instances' list. "
            f"JSON object: {describe(row)} keys must be equal to: {','.join(sorted(joined))}"
        )


def _in_row(error: ServingError, where: str) -> ServingError:
    return invalid(
        f"Failed to process element: {where} of 'instances' list. "
        f"Error: {error.code}: {error.message}"
    )


def _from_columns(value: Any, types: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    if _is_named(value):
        return {name: _column(value, name, dtype) for name, dtype in types.items()}
    if len(types) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple "
            "input tensors required as per tensorinfo_map"
        )
    ((name, dtype),) = types.items()
    return {name: whole(value, dtype)}


def _column(columns: JsonObject, name: str, dtype: str) -> NDArray[Any]:
    if name not in columns:
        raise invalid(f"Missing named input: {name} in 'inputs' object.")
    return whole(columns[name], dtype)
