"""A program as a SavedModel: what it is asked with, and the check against the live model."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from kerasrun.bridge.first_batch import FirstBatch
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.program import Program
from kerasrun.exporters import (
    ExpectedAnswer,
    Signature,
    TracedReceiver,
    build_raw_serving_input_receiver_fn,
    receiver_inputs,
    trace_receiver,
)


def serving_receiver(
    program: Program, serving_input_receiver_fn: Any, seen: FirstBatch
) -> TracedReceiver:
    """Traces what a served model is asked with, and builds the model for it.

    Args:
        program: The model.
        serving_input_receiver_fn: Graph code that returns a `ServingInputReceiver`. None: the
            model's features are asked for as they are.
        seen: Data such as the model has seen, which tell the features of a model that does not
            name them itself.

    Raises:
        ValueError: No function is given and nothing tells what the features are.
    """
    if serving_input_receiver_fn is None:
        serving_input_receiver_fn = _raw_receiver_fn(program, seen)
    receiver = trace_receiver(serving_input_receiver_fn)
    if receiver.labelled:
        raise ValueError(
            "The serving_input_receiver_fn gives labels, which a served model does not take. "
            "Return a ServingInputReceiver, or export in the mode 'train' or 'eval'."
        )
    program.build(Example(receiver.feature_specs), mode=ModeKeys.PREDICT)
    return receiver


def expected_answer(
    signature: Signature, predict: Callable[[Any], Mapping[str, tf.Tensor]], seen: FirstBatch
) -> ExpectedAnswer | None:
    """Returns a question out of the batch that was seen, with the live model's answer.

    Args:
        signature: What is asked.
        predict: The signature's function, compiled or not.
        seen: The batch.

    Returns:
        None where there is no batch, or the receiver cannot be fed with it.
    """
    receiver = signature.receiver
    inputs = None if seen.features is None else receiver_inputs(receiver, seen.features)
    if inputs is None:
        return None
    answer = predict(receiver.features(inputs))
    outputs = {name: value.numpy() for name, value in answer.items()}
    return ExpectedAnswer(inputs, outputs, signature.name)


def _raw_receiver_fn(program: Program, seen: FirstBatch) -> Any:
    specs = program.default_receiver_specs()
    specs = seen.specs if specs is None else specs
    if specs is None:
        raise ValueError(
            "Nothing tells what the served model is asked with: the model is not built yet. Give a "
            "serving_input_receiver_fn, or train or evaluate first."
        )
    return build_raw_serving_input_receiver_fn(tf.nest.map_structure(_any_batch, specs))


def _any_batch(spec: tf.TensorSpec) -> tf.TensorSpec:
    return tf.TensorSpec([None, *spec.shape[1:]], spec.dtype)
