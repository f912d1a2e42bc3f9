"""From a checkpoint to a SavedModel: what `Estimator.export_saved_model` and its like do."""

from collections.abc import Mapping
from typing import Any, Literal, cast

import tensorflow as tf

from kerasrun.bridge.engine import Engine
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.serving import expected_answer, serving_receiver
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.bridge.supervised_graphs import supervised_graph, supervised_receiver
from kerasrun.exporters import (
    ExpectedAnswer,
    Export,
    TaggedGraph,
    TracedReceiver,
    warmup_requests,
    write_saved_model,
    write_tagged_graphs,
)

_ORDER: tuple[Literal["train", "eval", "infer"], ...] = (
    ModeKeys.TRAIN,
    ModeKeys.EVAL,
    ModeKeys.PREDICT,
)
_Receivers = dict[Literal["train", "eval", "infer"], TracedReceiver]


def export_modes(
    engine: Engine,
    checkpoint_path: str | None,
    export_dir_base: str,
    input_receiver_fn_map: Mapping[str, Any],
    assets_extra: Mapping[str, str] | None,
    as_text: bool,
    warmup_examples: int = 0,
) -> Export:
    """Writes a graph for each mode of the map.

    Args:
        engine: The Estimator's.
        checkpoint_path: Whose variables; None: the initial ones.
        export_dir_base: Where the export will lie.
        input_receiver_fn_map: Mode to what its graph is fed with; None for `infer`: the features.
        assets_extra: Files to copy to `assets.extra/`, destination to source.
        as_text: Writes `saved_model.pbtxt`.
        warmup_examples: So many examples of the last evaluation become requests that a server
            runs before it serves the model.

    Raises:
        ValueError: The map is empty, names no mode, or lacks a function, or `warmup_examples` is
            no number from 0 to 1000.
        ExportCheckError: The written model answers otherwise than the live one.
    """
    _check_modes(input_receiver_fn_map)
    receivers: _Receivers = {
        mode: _receiver(engine, mode, input_receiver_fn_map[mode])
        for mode in _ORDER
        if mode in input_receiver_fn_map
    }
    with engine.state.holding(checkpoint_path):
        engine.program.reset_metrics()
        return _write(engine, receivers, export_dir_base, assets_extra, as_text, warmup_examples)


def _write(
    engine: Engine,
    receivers: _Receivers,
    base: str,
    assets_extra: Mapping[str, str] | None,
    as_text: bool,
    warmup_examples: int,
) -> Export:
    program, serving = engine.program, receivers.get(ModeKeys.PREDICT)
    check = _check(engine, serving) if serving else None
    resources = program.served_resources()
    inputs = check.inputs if check else None
    warmup = warmup_requests(inputs, serving.specs, warmup_examples) if serving else []
    if serving and len(receivers) == 1:
        return write_saved_model(
            base,
            program.serving_signatures(serving),
            program.served_variables(),
            resources,
            assets_extra=assets_extra,
            as_text=as_text,
            check=check,
            warmup_requests=warmup,
        )
    graphs = [_graph(engine, mode, receiver) for mode, receiver in receivers.items()]
    return write_tagged_graphs(
        base,
        graphs,
        resources,
        assets_extra=assets_extra,
        as_text=as_text,
        check=check,
        warmup_requests=warmup,
    )


def _check(engine: Engine, receiver: TracedReceiver) -> ExpectedAnswer | None:
    """What the export is asked, and what it must answer: with its first signature."""
    program, first = engine.program, engine.program.serving_signatures(receiver)[0]
    compiled = first.function == program.predict_step
    with engine.state.undone():  # an answer may advance the model's random numbers
        predict = engine.predict_step if compiled else first.function
        return expected_answer(first, predict, engine.seen)


def _receiver(
    engine: Engine, mode: Literal["train", "eval", "infer"], receiver_fn: Any
) -> TracedReceiver:
    if mode == ModeKeys.PREDICT:
        return serving_receiver(engine.program, receiver_fn, engine.seen)
    return supervised_receiver(engine.program, mode, receiver_fn)


def _graph(
    engine: Engine, mode: Literal["train", "eval", "infer"], receiver: TracedReceiver
) -> TaggedGraph:
    if mode != ModeKeys.PREDICT:
        return supervised_graph(engine.program, mode, receiver)
    signatures = engine.program.serving_signatures(receiver)
    return TaggedGraph(tf.saved_model.SERVING, signatures, engine.program.served_variables())


def _check_modes(modes: Mapping[str, Any]) -> None:
    known = list(_ORDER)
    if not modes:
        raise ValueError(f"Nothing to export: give a receiver function for one of {known}.")
    for mode in modes:
        if mode not in known:
            raise ValueError(
                f"An export has one of the modes {known}; received {mode!r}."
                f"{did_you_mean(str(mode), cast(list[str], known))}"
            )
