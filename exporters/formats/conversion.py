"""What came out of a conversion, and how far its answers are from the SavedModel's."""

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from kerasrun.exporters.durable import write_whole
from kerasrun.exporters.formats.errors import ConversionError
from kerasrun.exporters.formats.examples import Arrays, fixed_rows, in_batches, made_up
from kerasrun.exporters.formats.source import Source

RECORD = "conversion.json"
_EXACT = 1e-3
_HALF = 0.05


@dataclass(frozen=True)
class Conversion:
    """A converted model.

    Attributes:
        form: `tflite`, `onnx`, `coreml` or `keras`.
        path: Where it lies, a file or a folder.
        size: In bytes.
        examples: How many examples it was asked after it was written; 0: it was not run.
        difference: The largest absolute difference to the SavedModel's answers; None: not run.
        quantize: How its weights were made smaller, or None.
        note: What else there is to know; empty mostly.
        metrics: The metrics on evaluation data, by name; empty: not found out.
        metrics_as_trained: Those of the model that it was made from, on the same data.
    """

    form: str
    path: str
    size: int
    examples: int
    difference: float | None
    quantize: str | None = None
    note: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    metrics_as_trained: dict[str, float] = field(default_factory=dict)

    def record(self, folder: str) -> None:
        """Writes itself to `conversion.json` in a folder."""
        content = {"schema": 1, **asdict(self), "path": os.path.basename(self.path)}
        for name in ("metrics", "metrics_as_trained"):
            content[name] = {k: v if math.isfinite(v) else None for k, v in content[name].items()}
        write_whole(os.path.join(folder, RECORD), json.dumps(content, indent=2) + "\n")


Runner = Callable[[Arrays], Mapping[str, np.ndarray[Any, Any]]]


def compared(
    form: str, source: Source, run: Runner, examples: Arrays | None, quantize: str | None
) -> tuple[int, float, str]:
    """Asks a converted model, and the SavedModel that it was made from.

    Args:
        form: The name of the format, for messages.
        source: The SavedModel.
        run: The converted model: from arrays by input name to arrays by output name.
        examples: What to ask; None: made-up numbers.
        quantize: How its weights were made smaller: what may differ depends on it.

    Returns:
        The number of examples, the largest absolute difference, and a note.

    Raises:
        ConversionError: It answers with other outputs or shapes, or further off than rounding is.
    """
    note = "" if examples is not None else "asked with made-up numbers"
    asked = made_up(source, 8) if examples is None else examples
    rows, largest = 0, 0.0
    for batch in in_batches(asked, fixed_rows(source)):
        expected = source(batch)
        found = run(batch)
        for name, wanted in expected.items():
            if name not in found:
                raise ConversionError(f"{form}: no output {name!r} came out, but {sorted(found)}")
            largest = max(largest, _difference(form, name, found[name], wanted, quantize))
        rows += len(next(iter(batch.values())))
    return rows, largest, note


def _difference(form: str, name: str, found: Any, wanted: Any, quantize: str | None) -> float:
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape:
        raise ConversionError(
            f"{form}: output {name!r} has the shape {list(found.shape)}; expected "
            f"{list(wanted.shape)}"
        )
    if not found.size:
        return 0.0
    found, wanted = found.astype(np.float64), wanted.astype(np.float64)
    with np.errstate(invalid="ignore"):
        same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
        apart = np.where(same, 0.0, np.abs(found - wanted))
    difference = float(np.max(np.where(np.isnan(apart), np.inf, apart)))
    magnitude = float(np.max(np.abs(wanted), where=np.isfinite(wanted), initial=1.0))
    allowed = {None: _EXACT, "float16": _HALF}.get(quantize, np.inf) * magnitude
    if difference > allowed or not np.isfinite(difference):
        raise ConversionError(
            f"{form}: output {name!r} is {difference:.3g} off the SavedModel's; at most "
            f"{allowed:.3g} is allowed"
        )
    return difference


def size_of(path: str) -> int:
    """The bytes of a file, or of all files of a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(
        os.path.getsize(os.path.join(parent, name))
        for parent, _, names in os.walk(path)
        for name in names
    )


def checked_quantize(quantize: str | None, known: tuple[str, ...]) -> str | None:
    """Returns `quantize`.

    Raises:
        ValueError: It is none of those known.
    """
    if quantize is not None and quantize not in known:
        expected = f"one of {list(known)} or None" if known else "None for this format"
        raise ValueError(f"quantize must be {expected}; received {quantize!r}.")
    return quantize
