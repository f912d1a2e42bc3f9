"""What a served `model_fn` can be asked: its export outputs as signatures."""

from collections.abc import Callable, Mapping
from typing import Any

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.trace import Trace
from kerasrun.exporters import ExportOutput, Signature, TracedReceiver, fed_signatures


def signatures_of(trace: Trace, receiver: TracedReceiver) -> list[Signature]:
    """Returns a signature for each export output that the receiver can feed.

    One that it cannot, as a classification fed with numbers, is left out; a line of the log says
    why.

    Args:
        trace: The graph that predicts, for the receiver's features.
        receiver: Where the features come from.

    Raises:
        ValueError: None can be fed.
    """
    outputs: Mapping[str, ExportOutput] = trace.spec.export_outputs or {}
    functions = {name: _answering(trace, output) for name, output in outputs.items()}
    found, reasons = fed_signatures(outputs, functions, receiver)
    if not found:
        raise ValueError(
            f"No signature of model_fn can be fed by this receiver: {'; '.join(reasons)}."
        )
    return found


def _answering(trace: Trace, output: ExportOutput) -> Callable[[Any], Mapping[str, Any]]:
    tensors = output.tensors

    def answer(features: Any) -> Mapping[str, Any]:
        values = trace.cut(list(tensors.values()))(*trace.flat(Example(features)))
        return dict(zip(tensors, values, strict=True))

    return answer
