"""A converted model opened again, whatever its format."""

from kerasrun.exporters.formats.conversion import Conversion, Runner
from kerasrun.exporters.formats.source import Source


def opened(conversion: Conversion, source: Source) -> Runner:
    """The converted model as a function of arrays by input name.

    Args:
        conversion: To `saved_model`, `tflite`, `onnx` or `coreml`.
        source: What it was made from.

    Raises:
        ValueError: It is of another format.
    """
    path = conversion.path
    if conversion.form == "saved_model":
        return source
    if conversion.form == "tflite":
        from kerasrun.exporters.formats import tflite

        return tflite.runner(path, source)
    if conversion.form == "onnx":
        from kerasrun.exporters.formats import onnx

        return onnx.runner(path, source)
    if conversion.form == "coreml":
        from kerasrun.exporters.formats import coreml

        return coreml.runner(path, source)
    raise ValueError(f"a model of the format {conversion.form!r} is not opened here")
