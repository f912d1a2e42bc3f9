"""A program as a SavedModel: what it is asked with, and the check against the live model."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.program import Program
from kerasrun.exporters import (
    ExpectedAnswer,
    Signature,
    TracedReceiver,
    build_raw_serving_input_receiver_fn,
    output_signatures,
    receiver_inputs,
    trace_receiver,
)

SERVING_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def serving_receiver(
    program: Program, serving_input_receiver_fn: Any, examples: tf.data.Dataset | None
) -> TracedReceiver:
    """Traces what a served model is asked with, and builds the model for it.

    Args:
        program: The model.
        serving_input_receiver_fn: Graph code that returns a `ServingInputReceiver`. None: the
            model's features are asked for as they are.
        examples: Batches such as the model has seen, which tell the features of a model that does
            not name them itself.

    Raises:
        ValueError: No function is given and nothing tells what the features are.
    """
    if serving_input_receiver_fn is None:
        serving_input_receiver_fn = _raw_receiver_fn(program, examples)
    receiver = trace_receiver(serving_input_receiver_fn)
    if receiver.labelled:
        raise ValueError(
            "The serving_input_receiver_fn gives labels, which a served model does not take. "
            "Return a ServingInputReceiver, or export in the mode 'train' or 'eval'."
        )
    program.build(Example(receiver.feature_specs), training=False)
    return receiver


def serving_signatures(program: Program, receiver: TracedReceiver) -> list[Signature]:
    """Returns `serving_default`, and one for each of the outputs that were asked for by kind."""
    predict = program.predict_step
    return [
        Signature(SERVING_DEFAULT, predict, receiver),
        *output_signatures(program.export_outputs, predict, receiver),
    ]


def expected_answer(
    predict: Callable[[Any], Mapping[str, tf.Tensor]],
    receiver: TracedReceiver,
    examples: tf.data.Dataset | None,
) -> ExpectedAnswer | None:
    """Returns a question out of the first batch of examples, with the live model's answer.

    Args:
        predict: The compiled `predict_step`.
        receiver: What the served model is asked with.
        examples: Batches; None where there are none.

    Returns:
        None where there is no batch, or the receiver cannot be fed with it.
    """
    batch = next(iter(examples), None) if examples is not None else None
    if batch is None:
        return None
    arrays = tf.nest.map_structure(lambda t: t.numpy(), batch.features)
    inputs = receiver_inputs(receiver, arrays)
    if inputs is None:
        return None
    answer = predict(receiver.features(inputs))
    return ExpectedAnswer(inputs, {name: value.numpy() for name, value in answer.items()})


def _raw_receiver_fn(program: Program, examples: tf.data.Dataset | None) -> Any:
    specs = program.default_receiver_specs()
    if specs is None and examples is not None:
        specs = examples.element_spec.features
    if specs is None:
        raise ValueError(
            "Nothing tells what the served model is asked with: the model is not built yet. Give a "
            "serving_input_receiver_fn, or train or evaluate first."
        )
    return build_raw_serving_input_receiver_fn(tf.nest.map_structure(_any_batch, specs))


def _any_batch(spec: tf.TensorSpec) -> tf.TensorSpec:
    return tf.TensorSpec([None, *spec.shape[1:]], spec.dtype)
