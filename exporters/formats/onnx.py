"""ONNX: for onnxruntime and what else reads it.

convert_to_onnx("out/export/latest/1795300215", "model.onnx", examples)
"""

import contextlib
import importlib
import io
import logging
import re
from collections.abc import Iterator
from typing import Any

from kerasrun.exporters.formats.conversion import Conversion, Runner, compared, size_of
from kerasrun.exporters.formats.errors import (
    ConversionError,
    UnsupportedOperations,
    check_numbers,
    missing,
)
from kerasrun.exporters.formats.examples import Arrays
from kerasrun.exporters.formats.format_exporter import FormatExporter
from kerasrun.exporters.formats.source import SERVING_DEFAULT, Source

OPSET = 18
_FORM = "ONNX"
_LACKING = re.compile(r"Tensorflow op \[[^:\]]*: (\w+)\] is not supported")


def convert_to_onnx(
    saved_model: str,
    path: str,
    examples: Arrays | None = None,
    *,
    opset: int = OPSET,
    signature: str = SERVING_DEFAULT,
) -> Conversion:
    """Writes a SavedModel as an ONNX file and runs it.

    Args:
        saved_model: The folder.
        path: The file to write, `*.onnx`. Inputs and outputs keep their names.
        examples: What it is asked afterwards, by input name `[rows, ...]`; None: made-up numbers.
        opset: The version of ONNX's operations.
        signature: Which signature.

    Raises:
        ConversionError: ONNX lacks an operation, or the file answers otherwise.
        ModuleNotFoundError: `tf2onnx`, which writes it, or `onnxruntime`, which runs it, is not
            installed.
    """
    packages = _packages()
    source = Source(saved_model, signature)
    check_numbers(_FORM, {name: spec.dtype.name for name, spec in source.inputs.items()})
    packages["onnx"].save_model(_converted(source, opset), path)
    rows, difference, note = compared(_FORM, source, runner(path, source), examples, None)
    return Conversion("onnx", path, size_of(path), rows, difference, None, note)


class OnnxExporter(FormatExporter):
    """After every evaluation writes a SavedModel with `model.onnx` beside it.

    The file has been run: `conversion.json` tells the largest difference on evaluation data. The
    arguments are those of a `LatestExporter`.
    """

    file_name = "model.onnx"

    def convert(self, saved_model: str, path: str, examples: Arrays | None) -> Conversion:
        """Writes the file; see `convert_to_onnx`."""
        return convert_to_onnx(saved_model, path, examples)


def _packages() -> dict[str, Any]:
    found = {}
    for name in ("onnx", "onnxruntime", "tf2onnx"):
        try:
            found[name] = importlib.import_module(name)
        except ImportError as error:
            raise missing(_FORM, name, "onnx") from error
    return found


def _converted(source: Source, opset: int) -> Any:
    from tf2onnx.convert import from_function

    specs = list(source.inputs.values())
    with _silent("tf2onnx") as said:
        try:
            model, _ = from_function(source.function(), specs, opset=opset)
        except Exception as error:
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            why = f"{_FORM} cannot convert the model: {first}"
            raise (_unsupported(said.getvalue()) or ConversionError(why)) from error
    lacking = _unsupported(said.getvalue())
    if lacking is not None:
        raise lacking
    return model


def _unsupported(said: str) -> UnsupportedOperations | None:
    """What the converter logged about operations, even where it went on."""
    operations = _LACKING.findall(said)
    return UnsupportedOperations(_FORM, operations) if operations else None


@contextlib.contextmanager
def _silent(name: str) -> Iterator[io.StringIO]:
    """Within it a logger writes into a text of ours, from the level of warnings on."""
    logger, said = logging.getLogger(name), io.StringIO()
    handler, before = logging.StreamHandler(said), (logger.level, logger.propagate)
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def runner(path: str, source: Source) -> Runner:
    """An ONNX file as a function of arrays by input name.

    Args:
        path: The file.
        source: What it was made from.
    """
    session = _packages()["onnxruntime"].InferenceSession(path, providers=["CPUExecutionProvider"])
    known = {each.name for each in session.get_inputs()}
    outputs = [each.name for each in session.get_outputs()]

    def run(batch: Arrays) -> dict[str, Any]:
        fed = {
            name if name in known else spec.name: batch[name]
            for name, spec in source.inputs.items()
        }
        used = {name: array for name, array in fed.items() if name in known}
        return dict(zip(outputs, session.run(outputs, used), strict=True))

    return run
