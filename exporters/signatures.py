"""The ways to ask an exported model, each traced into a function of its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from kerasrun.exporters.receiver import TracedReceiver
from kerasrun.exporters.signature_names import SignatureNames, signature_names


@dataclass(frozen=True)
class Addition:
    """More outputs of a signature, which a session computes only where they are asked for.

    Attributes:
        function: Takes what the signature's function takes, and returns outputs by other names.
        fed: False: it takes nothing.
        trains: Its outputs get no names: to run it is the graph's training operation.
    """

    function: Callable[..., Mapping[str, Any]]
    fed: bool = True
    trains: bool = False


@dataclass(frozen=True)
class Signature:
    """One way to ask the exported model.

    Attributes:
        name: Its key, `serving_default` for the usual one.
        function: Takes the features, as the receiver makes them, and returns the outputs by name.
            It is traced once. Random or training behaviour is the caller's to switch off.
        receiver: Where the features come from. Each of its alternatives becomes a signature
            `<alternative>:<name>`.
        method_name: What TensorFlow Serving calls the kind of the signature: it ends in `predict`,
            `classify` or `regress`.
        additions: More outputs; only `write_tagged_graphs` knows these.
    """

    name: str
    function: Callable[[Any], Mapping[str, Any]]
    receiver: TracedReceiver
    method_name: str = tf.saved_model.PREDICT_METHOD_NAME
    additions: tuple[Addition, ...] = ()


def with_alternatives(signatures: Iterable[Signature]) -> list[Signature]:
    """Returns the signatures and those of their receivers' alternatives.

    Raises:
        ValueError: There is none, or two have one name.
    """
    listed: dict[str, Signature] = {}
    for signature in signatures:
        others = [
            Signature(f"{name}:{signature.name}", signature.function, other, signature.method_name)
            for name, other in signature.receiver.alternatives.items()
        ]
        for each in (signature, *others):
            if listed.setdefault(each.name, each) is not each:
                raise ValueError(
                    f"Two signatures are named {each.name!r}; each needs its own name."
                )
    if not listed:
        raise ValueError("An export needs at least one signature; none was given.")
    return list(listed.values())


def traced(signatures: list[Signature]) -> tuple[dict[str, SignatureNames], dict[str, Any]]:
    """Returns for each signature its names, and its concrete function.

    Signatures of one function and one receiver share the trace, and so the graph that is written.

    Raises:
        ValueError: A name cannot be kept, or a function returns no dict of tensors.
    """
    names: dict[str, SignatureNames] = {}
    functions: dict[str, Any] = {}
    made: dict[tuple[int, int], Any] = {}
    for signature in signatures:
        inputs = signature_names(signature.name, signature.receiver.specs)
        way = id(signature.function), id(signature.receiver)
        function = made[way] = made.get(way) or _function(signature, inputs)
        outputs = tuple(function.structured_outputs)
        names[signature.name] = SignatureNames(inputs, outputs, signature.method_name)
        functions[signature.name] = function
    return names, functions


def _function(signature: Signature, stand_ins: Mapping[str, str]) -> Any:
    """One signature as a concrete function of a dict of receiver tensors by stand-in name."""
    receiver = signature.receiver
    specs = {
        stand_ins[name]: tf.TensorSpec(spec.shape, spec.dtype, name=stand_ins[name])
        for name, spec in receiver.specs.items()
    }

    def serve(fed: dict[str, Any]) -> dict[str, Any]:
        features = receiver.features({name: fed[stand_ins[name]] for name in receiver.specs})
        return _checked_outputs(signature.name, signature.function(features))

    return tf.function(serve, input_signature=[specs], autograph=False).get_concrete_function()


def _checked_outputs(signature: str, outputs: Any) -> dict[str, Any]:
    if not isinstance(outputs, Mapping) or not outputs:
        raise ValueError(
            f"The function of signature {signature!r} must return a dict of output name to tensor; "
            f"it returned {outputs!r}."
        )
    for name, output in outputs.items():
        if not isinstance(name, str) or not isinstance(output, tf.Tensor):
            raise ValueError(
                f"Signature {signature!r}: an output needs a string as name and a dense tensor as "
                f"value; found {name!r}: {output!r}."
            )
    return {name: tf.identity(output, name="output") for name, output in outputs.items()}


def receiver_resources(signatures: list[Signature]) -> list[Any]:
    """Returns the lookup tables of the signatures' receivers."""
    return [table for signature in signatures for table in signature.receiver.resources]
