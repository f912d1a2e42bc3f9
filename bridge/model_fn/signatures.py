"""What a served `model_fn` can be asked: its export outputs as signatures."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.trace import Trace
from kerasrun.exporters import ExportOutput, Signature, TracedReceiver

_LOGGER = logging.getLogger("tensorflow")


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
    found, reasons = [], []
    outputs: Mapping[str, ExportOutput] = trace.spec.export_outputs or {}
    for name, output in outputs.items():
        for key, way in _ways(name, receiver):
            try:
                fed = output.fed_by(way)
            except ValueError as error:
                _LOGGER.info("Signature %r is left out of the export: %s.", key, error)
                reasons.append(f"{key}: {error}")
                continue
            found.append(Signature(key, _answering(trace, output), fed, output.method_name))
    if not found:
        raise ValueError(
            f"No signature of model_fn can be fed by this receiver: {'; '.join(reasons)}."
        )
    return found


def _ways(name: str, receiver: TracedReceiver) -> list[tuple[str, TracedReceiver]]:
    others = receiver.alternatives.items()
    return [(name, receiver), *((f"{other}:{name}", way) for other, way in others)]


def _answering(trace: Trace, output: ExportOutput) -> Callable[[Any], Mapping[str, Any]]:
    tensors = output.tensors

    def answer(features: Any) -> Mapping[str, Any]:
        values = trace.cut(list(tensors.values()))(*trace.flat(Example(features)))
        return dict(zip(tensors, values, strict=True))

    return answer
