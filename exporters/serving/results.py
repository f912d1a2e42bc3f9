"""What `:classify` and `:regress` need of a signature, and what they make of its outputs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_document import invalid
from kerasrun.exporters.serving.signature import Signature

__all__ = ["INPUTS", "check_classify", "check_regress", "classifications", "regressions"]

INPUTS = "inputs"  # a vector of serialized `tf.train.Example`s
CLASSES, SCORES, OUTPUTS = "classes", "scores", "outputs"


def check_classify(signature: Signature) -> list[str]:
    """Returns the outputs that answer a request to classify.

    Raises:
        ServingError: The signature is not one to classify.
    """
    _check_input(signature, "classification")
    if not 1 <= len(signature.outputs) <= 2:
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    found = [name for name in (CLASSES, SCORES) if name in signature.outputs]
    if not found:
        raise _not_ready(
            f"Expected classification signature outputs to contain at least one of "
            f'"{CLASSES}" or "{SCORES}". Signature outputs: {_named(signature.outputs)}'
        )
    return found


def check_regress(signature: Signature) -> list[str]:
    """Returns the output that answers a request to regress.

    Raises:
        ServingError: The signature is not one to regress.
    """
    _check_input(signature, "regression")
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if OUTPUTS not in signature.outputs:
        raise _not_ready(
            f"No regression outputs found in SignatureDef: {_named(signature.outputs)}"
        )
    return [OUTPUTS]


def classifications(
    outputs: Mapping[str, NDArray[Any]], examples: int
) -> list[list[tuple[bytes | str, float]]]:
    """Returns the labels of each example with their scores.

    Without an output for one of them, labels are empty and scores are 0.

    Raises:
        ServingError: The outputs are not a matrix with a row for each example.
    """
    tables = {name: outputs[name] for name in (CLASSES, SCORES) if name in outputs}
    for name, table in tables.items():
        if table.ndim != 2:
            raise invalid(
                f"Expected Tensor shape: [batch_size num_classes] but got {list(table.shape)} "
                f"for output {name}"
            )
        if len(table) != examples:
            raise invalid(f"Expected output batch size of {examples}. Got: {len(table)}")
    shapes = {table.shape for table in tables.values()}
    if len(shapes) != 1:
        raise invalid("Tensors class and score should match in shape")
    (shape,) = shapes
    labels = tables.get(CLASSES, np.full(shape, b"", object))
    if labels.dtype.kind not in "OSU":
        raise invalid("Expected classes Tensor of DT_STRING.")
    scores = _float32(tables.get(SCORES, np.zeros(shape, np.float32)), "scores")
    rows = zip(labels.tolist(), scores.tolist(), strict=True)
    return [list(zip(names, numbers, strict=True)) for names, numbers in rows]


def regressions(outputs: Mapping[str, NDArray[Any]], examples: int) -> NDArray[np.float32]:
    """Returns the number of each example.

    Raises:
        ServingError: The output has not one for each.
    """
    values = outputs[OUTPUTS]
    if values.shape not in ((examples,), (examples, 1)):
        raise invalid(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"with a batch size of {examples} but got {list(values.shape)}"
        )
    return _float32(values, "regression").reshape(examples)


def _check_input(signature: Signature, kind: str) -> None:
    if len(signature.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if INPUTS not in signature.inputs:
        raise _not_ready(f"No {kind} inputs found in SignatureDef: {_named(signature.inputs)}")
    if signature.inputs[INPUTS].dtype != "string":
        raise _not_ready(
            f"Expected the {kind} input to take serialized tf.train.Examples (string), "
            f"but it takes {signature.inputs[INPUTS].dtype}"
        )


def _float32(values: NDArray[Any], what: str) -> NDArray[np.float32]:
    if values.dtype != np.float32:
        raise invalid(f"Expected {what} Tensor of DT_FLOAT, found {values.dtype.name}.")
    return values.astype(np.float32, copy=False)


def _named(names: Mapping[str, Any]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _not_ready(message: str) -> ServingError:
    return ServingError("FAILED_PRECONDITION", message)
