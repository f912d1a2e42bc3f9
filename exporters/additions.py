"""More outputs of a signature, each computed only where it is asked for.

A traced function computes all its outputs in one go. Where asking for the loss must not move the
metrics, as in a graph of TensorFlow 1, the moving part is a function of its own, fed by the same
placeholders: it is written as a signature of its own, which is then joined to the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from kerasrun.exporters.signature_names import SignatureNames
from kerasrun.exporters.signatures import Addition, Signature, traced

TRAIN_OP = "__saved_model_train_op"  # the signature of that name, as TensorFlow 1 writes it
_TRAIN_OP_COLLECTION = "saved_model_train_op"


@dataclass(frozen=True)
class Joint:
    """A signature to be joined to another.

    Attributes:
        signature: The key that stays.
        addition: The key that vanishes.
        trains: Whether the addition becomes the graph's training operation.
    """

    signature: str
    addition: str
    trains: bool


def traced_with_additions(
    signatures: list[Signature],
) -> tuple[dict[str, SignatureNames], dict[str, Any], list[Joint]]:
    """Returns the final names of each signature, all functions to be written, and what to join."""
    names, functions = traced(signatures)
    joints = []
    for signature in signatures:
        for number, addition in enumerate(signature.additions):
            key = f"{signature.name}.{number}"
            functions[key] = function = _traced(signature, addition)
            joints.append(Joint(signature.name, key, addition.trains))
            if not addition.trains:
                own = names[signature.name]
                outputs = (*own.outputs, *function.structured_outputs)
                names[signature.name] = replace(own, outputs=outputs)
    return names, functions, joints


def join(meta_graph: Any, joint: Joint) -> None:
    """Feeds the addition from the signature's placeholders, and names its outputs there.

    Args:
        meta_graph: A `MetaGraphDef`, changed in place.
        joint: Which to join to which.
    """
    definitions = meta_graph.signature_def
    signature, addition = definitions[joint.signature], definitions[joint.addition]
    placeholders = {
        _operation(info): _operation(signature.inputs[name])
        for name, info in addition.inputs.items()
    }
    _feed_from(meta_graph.graph_def, placeholders)
    if joint.trains:
        _name_train_op(meta_graph, signature, _operation(next(iter(addition.outputs.values()))))
    else:
        for name, info in addition.outputs.items():
            signature.outputs[name].CopyFrom(info)
    del definitions[joint.addition]


def _traced(signature: Signature, addition: Addition) -> Any:
    if addition.fed:
        own = replace(signature, function=addition.function)
        return traced([own])[1][signature.name]
    return tf.function(
        addition.function, input_signature=[], autograph=False
    ).get_concrete_function()


def _operation(info: Any) -> str:
    return str(info.name).partition(":")[0]


def _feed_from(graph: Any, placeholders: Mapping[str, str]) -> None:
    for node in graph.node:
        for i, fed in enumerate(node.input):
            operation, colon, output = fed.removeprefix("^").partition(":")
            if operation in placeholders:
                control = "^" if fed.startswith("^") else ""
                node.input[i] = f"{control}{placeholders[operation]}{colon}{output}"
    kept = [node for node in graph.node if node.name not in placeholders]
    del graph.node[:]
    graph.node.extend(kept)


def _name_train_op(meta_graph: Any, signature: Any, operation: str) -> None:
    """Names the operation in both ways that loaders have looked for it."""
    named = meta_graph.signature_def[TRAIN_OP]
    named.outputs[TRAIN_OP].name = operation
    for name, info in signature.inputs.items():  # TensorFlow 2 calls it, and so feeds it
        named.inputs[name].CopyFrom(info)
    meta_graph.collection_def[_TRAIN_OP_COLLECTION].node_list.value.append(operation)
