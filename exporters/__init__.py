"""The model once it leaves training: when to export, what is fed, and what is written.

Importing this package does not import TensorFlow; its names do when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.exporters.best import BestExporter
    from kerasrun.exporters.check import ExpectedAnswer, ExportCheckError
    from kerasrun.exporters.export_outputs import (
        ClassificationOutput,
        ExportOutput,
        PredictOutput,
        RegressionOutput,
    )
    from kerasrun.exporters.export_path import ExportPath
    from kerasrun.exporters.exporter import Exporter
    from kerasrun.exporters.feeding import receiver_inputs
    from kerasrun.exporters.final import FinalExporter
    from kerasrun.exporters.formats.coreml import CoreMLExporter
    from kerasrun.exporters.formats.onnx import OnnxExporter
    from kerasrun.exporters.formats.tflite import TFLiteExporter
    from kerasrun.exporters.latest import LatestExporter
    from kerasrun.exporters.receiver import TracedReceiver, trace_receiver
    from kerasrun.exporters.receiver_fns import (
        build_parsing_serving_input_receiver_fn,
        build_raw_serving_input_receiver_fn,
    )
    from kerasrun.exporters.resources import resources_of
    from kerasrun.exporters.saved_model import Export, write_saved_model
    from kerasrun.exporters.serving_input import ServingInputReceiver, TensorServingInputReceiver
    from kerasrun.exporters.signatures import Addition, Signature
    from kerasrun.exporters.signatures_by_kind import fed_signatures, output_signatures
    from kerasrun.exporters.supervised_input import (
        SupervisedInputReceiver,
        build_raw_supervised_input_receiver_fn,
        build_supervised_input_receiver_fn_from_input_fn,
    )
    from kerasrun.exporters.tagged_graphs import TaggedGraph, write_tagged_graphs
    from kerasrun.exporters.warmup import warmup_requests

_MODULE_OF = {
    "Addition": "signatures",
    "BestExporter": "best",
    "ClassificationOutput": "export_outputs",
    "CoreMLExporter": "formats.coreml",
    "ExpectedAnswer": "check",
    "Export": "saved_model",
    "ExportCheckError": "check",
    "ExportOutput": "export_outputs",
    "ExportPath": "export_path",
    "Exporter": "exporter",
    "FinalExporter": "final",
    "LatestExporter": "latest",
    "OnnxExporter": "formats.onnx",
    "PredictOutput": "export_outputs",
    "RegressionOutput": "export_outputs",
    "ServingInputReceiver": "serving_input",
    "Signature": "signatures",
    "SupervisedInputReceiver": "supervised_input",
    "TFLiteExporter": "formats.tflite",
    "TaggedGraph": "tagged_graphs",
    "TensorServingInputReceiver": "serving_input",
    "TracedReceiver": "receiver",
    "build_parsing_serving_input_receiver_fn": "receiver_fns",
    "build_raw_serving_input_receiver_fn": "receiver_fns",
    "build_raw_supervised_input_receiver_fn": "supervised_input",
    "build_supervised_input_receiver_fn_from_input_fn": "supervised_input",
    "fed_signatures": "signatures_by_kind",
    "output_signatures": "signatures_by_kind",
    "receiver_inputs": "feeding",
    "resources_of": "resources",
    "trace_receiver": "receiver",
    "warmup_requests": "warmup",
    "write_saved_model": "saved_model",
    "write_tagged_graphs": "tagged_graphs",
}

__all__ = [
    "Addition",
    "BestExporter",
    "ClassificationOutput",
    "CoreMLExporter",
    "ExpectedAnswer",
    "Export",
    "ExportCheckError",
    "ExportOutput",
    "ExportPath",
    "Exporter",
    "FinalExporter",
    "LatestExporter",
    "OnnxExporter",
    "PredictOutput",
    "RegressionOutput",
    "ServingInputReceiver",
    "Signature",
    "SupervisedInputReceiver",
    "TFLiteExporter",
    "TaggedGraph",
    "TensorServingInputReceiver",
    "TracedReceiver",
    "build_parsing_serving_input_receiver_fn",
    "build_raw_serving_input_receiver_fn",
    "build_raw_supervised_input_receiver_fn",
    "build_supervised_input_receiver_fn_from_input_fn",
    "fed_signatures",
    "output_signatures",
    "receiver_inputs",
    "resources_of",
    "trace_receiver",
    "warmup_requests",
    "write_saved_model",
    "write_tagged_graphs",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULE_OF[name]}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
