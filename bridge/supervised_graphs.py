"""The graphs that train and evaluate a model, for an export in another mode than serving.

tag `train`, signature `train`:  features and labels -> `loss`, `predictions/<output>`;
                                 the training operation does one update
tag `eval`, signature `eval`:    features and labels -> the same, and of each metric
                                 `metrics/<name>/value` and `metrics/<name>/update_op`
"""

from typing import Any, Literal

import tensorflow as tf

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.program import Program
from kerasrun.exporters import Addition, Signature, TaggedGraph, TracedReceiver, trace_receiver

_Answer = dict[str, tf.Tensor]
_METHODS = {
    ModeKeys.TRAIN: "tensorflow/supervised/training",
    ModeKeys.EVAL: "tensorflow/supervised/eval",
}


def supervised_receiver(
    program: Program, mode: Literal["train", "eval"], receiver_fn: Any
) -> TracedReceiver:
    """Traces what the graph is fed with, and builds the model, its losses and metrics for it.

    Args:
        program: The model.
        mode: Which of the two graphs.
        receiver_fn: Graph code that returns a `SupervisedInputReceiver`.

    Raises:
        ValueError: There is no function.
        KeyError: The features or labels lack a name that the model asks for.
    """
    if receiver_fn is None:
        raise ValueError(
            f"An export in the mode {mode!r} needs a function that returns a "
            "SupervisedInputReceiver, as build_raw_supervised_input_receiver_fn makes it."
        )
    receiver = trace_receiver(receiver_fn)
    batch = _batch(receiver, receiver.feature_specs)
    program.build(batch, mode=mode)
    step = program.train_step if mode == ModeKeys.TRAIN else program.eval_step
    tf.function(step, autograph=False).get_concrete_function(batch)
    return receiver


def supervised_graph(
    program: Program, mode: Literal["train", "eval"], receiver: TracedReceiver
) -> TaggedGraph:
    """Returns the graph of this mode; see the module."""
    training = mode == ModeKeys.TRAIN
    additions = _training(program, receiver) if training else _metrics(program, receiver)

    def forward(fed: Any) -> _Answer:
        loss, outputs = program.forward(_batch(receiver, fed), training=training)
        return {"loss": loss, **{f"predictions/{name}": out for name, out in outputs.items()}}

    signature = Signature(mode, forward, receiver, _METHODS[mode], additions)
    own = program.variables() if training else program.served_variables()
    return TaggedGraph(mode, [signature], {**own, "global_step": program.global_step})


def _training(program: Program, receiver: TracedReceiver) -> tuple[Addition, ...]:
    def update(fed: Any) -> _Answer:
        loss = program.train_step(_batch(receiver, fed))
        program.global_step.assign_add(1)
        return {"loss": tf.convert_to_tensor(loss)}

    return (Addition(update, trains=True),)


def _metrics(program: Program, receiver: TracedReceiver) -> tuple[Addition, ...]:
    def update(fed: Any) -> _Answer:
        program.eval_step(_batch(receiver, fed))
        return _named(program, "update_op")

    if not program.metric_tensors():
        return ()
    return (Addition(update), Addition(lambda: _named(program, "value"), fed=False))


def _named(program: Program, what: str) -> _Answer:
    return {f"metrics/{name}/{what}": v for name, v in program.metric_tensors().items()}


def _batch(receiver: TracedReceiver, fed: Any) -> Example:
    return Example(*fed) if receiver.labelled else Example(fed)
