"""Core ML: for the devices of Apple. Written anywhere; run on macOS, elsewhere computed with NumPy.

convert_to_coreml("out/export/latest/1795300215", "model.mlpackage", examples)
"""

import contextlib
import io
import logging
import re
import sys
import traceback
import warnings
from typing import Any

import tensorflow as tf

from kerasrun.exporters.formats.conversion import (
    Conversion,
    Runner,
    checked_quantize,
    compared,
    size_of,
)
from kerasrun.exporters.formats.coreml_program import NoEvaluation, Program
from kerasrun.exporters.formats.errors import (
    ConversionError,
    UnsupportedOperations,
    check_numbers,
    missing,
)
from kerasrun.exporters.formats.examples import Arrays
from kerasrun.exporters.formats.format_exporter import FormatExporter
from kerasrun.exporters.formats.source import SERVING_DEFAULT, Source

QUANTIZE = ("float16", "int8")
COMPUTED = "computed with NumPy, not by Core ML"
_FORM = "Core ML"
_LACKING = re.compile(r"[Cc]onversion for TF op '(\w+)'")
_MOST_ROWS = 1024
_LOOPS = ("While", "StatelessWhile")
_HAS_CORE_ML = sys.platform == "darwin"
_ASKED = _FORM if _HAS_CORE_ML else f"{_FORM} (computed with NumPy)"


def convert_to_coreml(
    saved_model: str,
    path: str,
    examples: Arrays | None = None,
    *,
    quantize: str | None = None,
    signature: str = SERVING_DEFAULT,
) -> Conversion:
    """Writes a SavedModel as a Core ML package and runs it.

    Inputs and outputs keep their names. Up to 1,024 rows are answered at a time. Where there is no
    Core ML, NumPy computes the package's program; one with an operation that cannot be computed so
    is not run, and the note names the operation.

    Args:
        saved_model: The folder.
        path: The package to write, `*.mlpackage`.
        examples: What it is asked afterwards, by input name `[rows, ...]`; None: made-up numbers.
        quantize: `float16` (it computes so), `int8` (weights of 8 bits); None: 32 bits.
        signature: Which signature.

    Raises:
        ConversionError: Core ML lacks an operation, or the package answers otherwise.
        ModuleNotFoundError: `coremltools` is not installed.
        ValueError: `quantize` is none of these.
    """
    checked_quantize(quantize, QUANTIZE)
    tools = _tools()
    source = Source(saved_model, signature)
    check_numbers(_FORM, {name: spec.dtype.name for name, spec in source.inputs.items()})
    model = _converted(tools, source, quantize)
    _check_names(model, source)
    model.save(path)
    asked: tuple[int, float | None, str]
    try:
        asked = compared(_ASKED, source, runner(path, source), examples, quantize)
    except NoEvaluation as error:
        asked = 0, None, f"not run: {error}"
    rows, difference, note = asked
    if rows and not _HAS_CORE_ML:
        note = "; ".join(part for part in (note, COMPUTED) if part)
    return Conversion("coreml", path, size_of(path), rows, difference, quantize, note)


def runner(path: str, source: Source) -> Runner:
    """A saved package as a function of arrays by input name: run by Core ML, or by NumPy.

    Args:
        path: The package.
        source: What it was made from.

    Raises:
        NoEvaluation: (When it is called.) There is no Core ML, and NumPy cannot compute it.
    """
    tools = _tools()
    model = tools.models.MLModel(path).predict if _HAS_CORE_ML else Program(tools, path)

    def run(batch: Arrays) -> dict[str, Any]:
        answer: dict[str, Any] = model({s.name: batch[n] for n, s in source.inputs.items()})
        return answer

    return run


class CoreMLExporter(FormatExporter):
    """After every evaluation writes a SavedModel with `model.mlpackage` beside it.

    The package has been run, as `convert_to_coreml` does it: `conversion.json` tells the largest
    difference on evaluation data.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: As for a `LatestExporter`.
        assets_extra: As for a `LatestExporter`.
        as_text: As for a `LatestExporter`.
        exports_to_keep: So many of the newest stay; None: all.
        quantize: As in `convert_to_coreml`.
        warmup_examples: As for a `LatestExporter`.

    Raises:
        ValueError: `name` is empty, or `exports_to_keep`, `quantize` or `warmup_examples` is none
            that there is.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    file_name = "model.mlpackage"
    quantizations = QUANTIZE

    def convert(self, saved_model: str, path: str, examples: Arrays | None) -> Conversion:
        """Writes the package; see `convert_to_coreml`."""
        return convert_to_coreml(saved_model, path, examples, quantize=self.quantize)


def _tools() -> Any:
    logging.getLogger("coremltools").setLevel(logging.ERROR)  # it is not fond of our versions
    tensorflow = logging.getLogger("tensorflow")
    level = tensorflow.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import coremltools
    except ImportError as error:
        raise missing(_FORM, "coremltools", "coreml") from error
    finally:
        tensorflow.setLevel(level)  # its import silences what we have to say
    return coremltools


def _converted(tools: Any, source: Source, quantize: str | None) -> Any:
    function = source.function().get_concrete_function(*source.inputs.values())
    nodes = [tensor.op.name for tensor in function.outputs]
    _check_loops(function)
    half = quantize == "float16"
    precision = tools.precision.FLOAT16 if half else tools.precision.FLOAT32
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):  # its progress
            warnings.simplefilter("ignore")
            model = tools.convert(
                [function],
                source="tensorflow",
                convert_to="mlprogram",
                inputs=[_input(tools, spec) for spec in source.inputs.values()],
                compute_precision=precision,
                skip_model_load=not _HAS_CORE_ML,
            )
            model = _smaller(tools, model) if quantize == "int8" else model
            return _named(tools, model, dict(zip(nodes, source.outputs, strict=True)))
    except Exception as error:  # the converter has no kinds of its own
        with warnings.catch_warnings():  # it leaves a temporary folder to chance
            warnings.simplefilter("ignore")
            traceback.clear_frames(error.__traceback__)
        lacking = _LACKING.findall(str(error))
        if lacking:
            raise UnsupportedOperations(_FORM, lacking) from error
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ConversionError(f"{_FORM} cannot convert the model: {first}") from error


def _check_loops(function: Any) -> None:
    """Its converter fails on the loops of recurrent layers, without saying why."""
    graph = function.graph.as_graph_def()
    every = [graph.node, *(each.node_def for each in graph.library.function)]
    loops = {node.op for nodes in every for node in nodes if node.op in _LOOPS}
    if loops:
        raise UnsupportedOperations(_FORM, sorted(loops))


def _input(tools: Any, spec: tf.TensorSpec) -> Any:
    sizes = [tools.RangeDim(1, _MOST_ROWS, 1) if size is None else size for size in spec.shape]
    return tools.TensorType(name=spec.name, shape=sizes)


def _smaller(tools: Any, model: Any) -> Any:
    optimize = tools.optimize.coreml
    weights = optimize.OpLinearQuantizerConfig(mode="linear_symmetric")
    return optimize.linear_quantize_weights(
        model, config=optimize.OptimizationConfig(global_config=weights)
    )


def _named(tools: Any, model: Any, names: dict[str, str]) -> Any:
    """Gives the outputs their names, in place of those of a graph's nodes."""
    spec = model.get_spec()
    for node, name in names.items():
        tools.utils.rename_feature(spec, node, name, rename_inputs=False)
    load = {"weights_dir": model.weights_dir, "skip_model_load": not _HAS_CORE_ML}
    return tools.models.MLModel(spec, **load)


def _check_names(model: Any, source: Source) -> None:
    description = model.get_spec().description
    found = {each.name for each in description.input}, {each.name for each in description.output}
    wanted = {spec.name for spec in source.inputs.values()}, set(source.outputs)
    if found != wanted:
        raise ConversionError(f"{_FORM}: expected the names {wanted}, found {found}")
