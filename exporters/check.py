"""Asks a written SavedModel a question whose answer is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.exporters.signature_names import SignatureNames, read_saved_model

TOLERANCE = 1e-5


class ExportCheckError(RuntimeError):
    """The written model does not answer as the live one.

    Attributes:
        output: The name of the output that differs; None if the signatures do.
        difference: The largest absolute difference; infinite where there is no number for it.
    """

    def __init__(self, message: str, output: str | None = None, difference: float = np.inf) -> None:
        super().__init__(message)
        self.output, self.difference = output, difference


@dataclass(frozen=True)
class ExpectedAnswer:
    """What a written model is asked, and what it must answer.

    Attributes:
        inputs: For each receiver tensor of the signature an array, `[batch, ...]`.
        outputs: The arrays expected, by output name; outputs not named here are not compared.
        signature: Which signature is asked.
        tolerance: How far a number may be off: in units of the largest expected magnitude of that
            output, or absolutely where this is below 1. Integers, booleans and strings must be
            equal. Half precision may be off by two of its steps in any case.
    """

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    signature: str = "serving_default"
    tolerance: float = TOLERANCE

    @property
    def examples(self) -> int:
        """The number of examples asked: the first dimension of the first input."""
        shape = np.shape(next(iter(self.inputs.values()), ()))
        return int(shape[0]) if shape else 1


def check_export(
    folder: str, names: Mapping[str, SignatureNames], expected: ExpectedAnswer | None
) -> float:
    """Loads a SavedModel anew, compares the names of its signatures, and asks it.

    Args:
        folder: The written SavedModel.
        names: What each signature must be called and call its inputs and outputs.
        expected: The question; None: names only.

    Returns:
        The largest absolute difference over all compared outputs; 0.0 without a question.

    Raises:
        ExportCheckError: Names or answers differ.
        ValueError: The question does not fit the signature.
    """
    loaded = tf.saved_model.load(folder)
    _check_names(folder, names, loaded)
    if expected is None:
        return 0.0
    if expected.signature not in names:
        raise ValueError(
            f"No signature {expected.signature!r} to check; there are {sorted(names)}."
        )
    stand_ins = names[expected.signature].inputs
    if set(expected.inputs) != set(stand_ins):
        raise ValueError(
            f"The signature {expected.signature!r} takes {sorted(stand_ins)}; the check gives "
            f"{sorted(expected.inputs)}."
        )
    serve = loaded.signatures[expected.signature]
    dtypes = {key: spec.dtype for key, spec in serve.structured_input_signature[1].items()}
    fed = {stand_ins[name]: value for name, value in expected.inputs.items()}
    answer = serve(**{key: tf.constant(value, dtypes[key]) for key, value in fed.items()})
    return max(
        (_difference(name, answer, value, expected) for name, value in expected.outputs.items()),
        default=0.0,
    )


def _check_names(folder: str, names: Mapping[str, SignatureNames], loaded: Any) -> None:
    written = read_saved_model(folder).meta_graphs[0].signature_def
    for key, each in names.items():
        if key not in loaded.signatures:
            raise ExportCheckError(f"The written model has no signature {key!r}.")
        for kind, found, wanted in (
            ("inputs", written[key].inputs, each.inputs),
            ("outputs", written[key].outputs, each.outputs),
        ):
            if set(found) != set(wanted):
                raise ExportCheckError(
                    f"Signature {key!r} of the written model has the {kind} {sorted(found)}; "
                    f"expected {sorted(wanted)}."
                )


def _difference(
    name: str, answer: Mapping[str, Any], value: Any, expected: ExpectedAnswer
) -> float:
    if name not in answer:
        raise ValueError(f"No output {name!r} to check; there are {sorted(answer)}.")
    found, wanted = answer[name].numpy(), np.asarray(value)
    if found.shape != wanted.shape:
        raise ExportCheckError(
            f"Output {name!r} of the written model has the shape {list(found.shape)}; the live "
            f"model answers {list(wanted.shape)}.",
            name,
        )
    if found.size == 0:
        return 0.0
    if found.dtype.kind in "OSU":
        _check_equal(name, _as_bytes(found), _as_bytes(wanted))
        return 0.0
    return _number_difference(name, found, wanted, expected.tolerance)


def _number_difference(name: str, found: Any, wanted: Any, tolerance: float) -> float:
    if found.dtype.kind in "biu":
        _check_equal(name, found, wanted)
        return 0.0
    precise = np.complex128 if found.dtype.kind == "c" else np.float64
    step = _step(found.dtype)
    found, wanted = found.astype(precise), wanted.astype(precise)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))  # infinities too
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(found - wanted))
    difference = float(np.max(np.where(np.isnan(apart), np.inf, apart)))
    magnitude = float(np.max(np.abs(wanted), where=np.isfinite(wanted), initial=1.0))
    allowed = max(tolerance, 2 * step if step > TOLERANCE else 0.0) * magnitude
    if difference > allowed:
        raise ExportCheckError(
            f"Output {name!r} of the written model is {difference:.3g} off what the live model "
            f"answers; at most {allowed:.3g} is allowed. The export was not put in place.",
            name,
            difference,
        )
    return difference


def _step(dtype: Any) -> float:
    return {"float16": 2.0**-10, "bfloat16": 2.0**-7}.get(tf.as_dtype(dtype).name, 0.0)


def _check_equal(name: str, found: Any, wanted: Any) -> None:
    if not np.array_equal(found, wanted):
        count = int(np.sum(found != wanted))
        raise ExportCheckError(
            f"Output {name!r} of the written model differs from what the live model answers in "
            f"{count} of {found.size} values, which must be equal. The export was "
            "not put in place.",
            name,
        )


def _as_bytes(array: Any) -> Any:
    flat = [v.encode() if isinstance(v, str) else bytes(v) for v in np.ravel(array).tolist()]
    return np.array(flat, dtype=object).reshape(np.shape(array))
