"""TF Lite (LiteRT): for phones, small devices, and servers without TensorFlow.

convert_to_tflite("out/export/latest/1795300215", "model.tflite", examples, quantize="int8")
"""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from kerasrun.exporters.formats.conversion import (
    Conversion,
    Runner,
    checked_quantize,
    compared,
    size_of,
)
from kerasrun.exporters.formats.errors import (
    ConversionError,
    UnsupportedOperations,
    check_numbers,
    missing,
)
from kerasrun.exporters.formats.examples import Arrays, fixed_rows, in_batches
from kerasrun.exporters.formats.format_exporter import FormatExporter
from kerasrun.exporters.formats.source import SERVING_DEFAULT, Source

QUANTIZE = ("dynamic", "float16", "int8")
_FORM = "TF Lite"
_LACKING = re.compile(r"(?:TF Select|Custom) ops: ([\w, ]+)")
_FAILED = re.compile(r"(?:error: )?'tf\.(\w+)' op")
_MOST_REPRESENTATIVE = 200


def convert_to_tflite(
    saved_model: str,
    path: str,
    examples: Arrays | None = None,
    *,
    quantize: str | None = None,
    representative: Arrays | None = None,
    signature: str = SERVING_DEFAULT,
) -> Conversion:
    """Writes a SavedModel as a TF Lite file and runs it.

    Inputs and outputs keep their names in the file's signature.

    Args:
        saved_model: The folder.
        path: The file to write, `*.tflite`.
        examples: What it is asked afterwards, by input name `[rows, ...]`; None: made-up numbers.
        quantize: `dynamic` (weights of 8 bits), `float16`, `int8` (weights and activations of 8
            bits; inputs and outputs stay as they are); None: as it is.
        representative: Data that show how large activations get, for `int8`; None: `examples`.
        signature: Which signature.

    Raises:
        ConversionError: TF Lite lacks an operation, or the file answers otherwise.
        ModuleNotFoundError: `ai-edge-litert`, which runs it, is not installed.
        ValueError: `quantize` is none of these, or `int8` has no data.
    """
    _runtime()
    data = _checked(quantize, representative if representative is not None else examples)
    source = Source(saved_model, signature)
    check_numbers(_FORM, {name: spec.dtype.name for name, spec in source.inputs.items()})
    content = _converted(_converter(source, quantize, data))
    with open(path, "wb") as file:
        file.write(content)
    rows, difference, note = compared(_FORM, source, runner(path, source), examples, quantize)
    return Conversion("tflite", path, size_of(path), rows, difference, quantize, note)


class TFLiteExporter(FormatExporter):
    """After every evaluation writes a SavedModel with `model.tflite` beside it.

    The file has been run: `conversion.json` tells the largest difference on evaluation data.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: As for a `LatestExporter`.
        assets_extra: As for a `LatestExporter`.
        as_text: As for a `LatestExporter`.
        exports_to_keep: So many of the newest stay; None: all.
        quantize: As in `convert_to_tflite`; `int8` learns from the evaluation data.
        representative: Other data for `int8`, arrays by input name.
        warmup_examples: As for a `LatestExporter`.

    Raises:
        ValueError: `name` is empty, or `exports_to_keep`, `quantize` or `warmup_examples` is none
            that there is.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    file_name = "model.tflite"
    quantizations = QUANTIZE

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: Any = None,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
        *,
        quantize: str | None = None,
        representative: Arrays | None = None,
        warmup_examples: int = 0,
    ) -> None:
        super().__init__(
            name,
            serving_input_receiver_fn,
            assets_extra,
            as_text,
            exports_to_keep,
            quantize=quantize,
            warmup_examples=warmup_examples,
        )
        self._representative = representative

    def convert(self, saved_model: str, path: str, examples: Arrays | None) -> Conversion:
        """Writes the file; see `convert_to_tflite`."""
        return convert_to_tflite(
            saved_model,
            path,
            examples,
            quantize=self.quantize,
            representative=self._representative,
        )


def _checked(quantize: str | None, data: Arrays | None) -> Arrays | None:
    if checked_quantize(quantize, QUANTIZE) == "int8" and not data:
        raise ValueError(
            "quantize='int8' needs data that show how large activations get: give "
            "representative={input name: array}, or evaluate first."
        )
    return data


def _converter(source: Source, quantize: str | None, data: Arrays | None) -> Any:
    converter = tf.lite.TFLiteConverter.from_saved_model(
        source.folder, signature_keys=[source.signature]
    )
    if quantize is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8" and data is not None:
        size = fixed_rows(source) or 1
        batches = in_batches(data, size)[:_MOST_REPRESENTATIVE]

        def representative() -> Iterator[Any]:
            yield from batches

        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            tf.lite.OpsSet.TFLITE_BUILTINS,
        ]
    return converter


def _converted(converter: Any) -> bytes:
    try:
        with warnings.catch_warnings():  # of the interpreter that calibrates, which is not ours
            warnings.filterwarnings("ignore", "\\s*Warning: tf.lite.Interpreter", UserWarning)
            content: bytes = converter.convert()
    except Exception as error:  # the converter's own kinds are private
        text = str(error)
        lacking = [name.strip() for found in _LACKING.findall(text) for name in found.split(",")]
        lacking = [name for name in lacking if name] or _FAILED.findall(text)
        if lacking:
            raise UnsupportedOperations(_FORM, lacking) from error
        first = next(iter(text.strip().splitlines()), type(error).__name__)
        raise ConversionError(f"{_FORM} cannot convert the model: {first}") from error
    return content


def _runtime() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise missing(_FORM, "ai-edge-litert", "tflite") from error
    return Interpreter


def runner(path: str, source: Source) -> Runner:
    """A TF Lite file as a function of arrays by input name.

    Args:
        path: The file.
        source: What it was made from.
    """
    signature = _runtime()(model_path=path).get_signature_runner(source.signature)
    known = set(signature.get_input_details())

    def run(batch: Arrays) -> Any:
        fed = {
            name if name in known else spec.name: batch[name]
            for name, spec in source.inputs.items()
        }
        return signature(**fed)

    return run
