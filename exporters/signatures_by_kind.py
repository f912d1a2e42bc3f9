"""Signatures beside the usual one, of the outputs that were asked for by kind."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kerasrun.exporters.export_outputs import ExportOutput
from kerasrun.exporters.receiver import TracedReceiver
from kerasrun.exporters.signatures import Signature

_LOGGER = logging.getLogger("tensorflow")


def output_signatures(
    export_outputs: Mapping[str, type[ExportOutput]],
    predict: Callable[[Any], Mapping[str, Any]],
    receiver: TracedReceiver,
) -> list[Signature]:
    """Returns a signature for each output that can be asked for in its kind.

    One that cannot, as a regression fed with numbers, is left out; a line of the log says why.

    Args:
        export_outputs: Output name to its kind. The signature has the output's name; one of a
            receiver's alternative is called `<alternative>:<output>`.
        predict: Takes the features, returns the outputs by name.
        receiver: Where the features come from.

    Raises:
        ValueError: Later, when a signature is traced: its kind cannot take the output.
    """
    functions = {name: _answering(name, kind, predict) for name, kind in export_outputs.items()}
    found, _ = fed_signatures(export_outputs, functions, receiver)
    return found


def fed_signatures(
    kinds: Mapping[str, Any],
    functions: Mapping[str, Callable[[Any], Mapping[str, Any]]],
    receiver: TracedReceiver,
) -> tuple[list[Signature], list[str]]:
    """Returns a signature for each output that the receiver can feed, and why the others are none.

    Args:
        kinds: Output name to an `ExportOutput`, or to the class.
        functions: By the same names: takes the features, returns what the signature answers.
        receiver: Where the features come from.
    """
    found, reasons = [], []
    for output, kind in kinds.items():
        for name, way in _ways(output, receiver):
            try:
                fed = kind.fed_by(way)
            except ValueError as error:
                _LOGGER.info("Signature %r is left out of the export: %s.", name, error)
                reasons.append(f"{name}: {error}")
                continue
            found.append(Signature(name, functions[output], fed, kind.method_name))
    return found, reasons


def _ways(output: str, receiver: TracedReceiver) -> Iterator[tuple[str, TracedReceiver]]:
    yield output, receiver
    for name, alternative in receiver.alternatives.items():
        yield f"{name}:{output}", alternative


def _answering(
    output: str, kind: Callable[[Any], ExportOutput], predict: Callable[[Any], Mapping[str, Any]]
) -> Callable[[Any], Mapping[str, Any]]:
    def answer(features: Any) -> Mapping[str, Any]:
        value = predict(features)[output]
        try:
            return kind(value).tensors
        except ValueError as error:
            raise ValueError(f"export_outputs[{output!r}]: {error}") from error

    return answer
