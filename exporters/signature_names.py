"""Input names of any spelling, in spite of what TensorFlow takes for a name.

A traced function names its inputs as Python would: `sepal length (cm)` is none of its names. The
function is traced with a stand-in, `sepal_length__cm_`, and the written signature gets the true
name back. TensorFlow Serving sees the true one; a Python caller may use it too, for the signatures
of `tf.saved_model.load(...)` make the same stand-in of the names that they are called by.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2


@dataclass(frozen=True)
class SignatureNames:
    """The names of one signature.

    Attributes:
        inputs: True input name to its stand-in; most often the same.
        outputs: The output names.
        method_name: What TensorFlow Serving calls the kind of the signature.
    """

    inputs: dict[str, str]
    outputs: tuple[str, ...]
    method_name: str


def signature_names(signature: str, names: Iterable[str]) -> dict[str, str]:
    """Returns each input name with its stand-in.

    Raises:
        ValueError: A name cannot be kept: it is not of ASCII characters, is `self`, or cannot be
            told from another one.
    """
    stand_ins: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in names:
        if not name or not name.isascii() or name == "self":
            raise ValueError(
                f"Signature {signature!r}: TensorFlow cannot keep the input name {name!r}. "
                "Expected ASCII characters, and not 'self': rename the receiver tensor."
            )
        stand_ins[name] = stand_in = _stand_in(name)
        other = taken.setdefault(stand_in.lower(), name)  # names of operations ignore the case
        if other != name:
            raise ValueError(
                f"Signature {signature!r}: TensorFlow cannot tell the input names {other!r} and "
                f"{name!r} apart: rename one of the receiver tensors."
            )
    return stand_ins


def finish_signatures(folder: str, names: Mapping[str, SignatureNames], as_text: bool) -> None:
    """Gives the signatures of a written SavedModel their true input names and method names.

    Args:
        folder: The SavedModel, with `saved_model.pb`.
        names: The names of each signature, by its key.
        as_text: Replace `saved_model.pb` by `saved_model.pbtxt`.
    """
    plain = all(
        each.method_name == tf.saved_model.PREDICT_METHOD_NAME
        and all(name == stand_in for name, stand_in in each.inputs.items())
        for each in names.values()
    )
    if plain and not as_text:
        return
    model = read_saved_model(folder)
    for key, each in names.items():
        rename_signature(model.meta_graphs[0].signature_def[key], each)
    write_message(model, folder, as_text)


def read_saved_model(folder: str) -> Any:
    """Returns the `SavedModel` message of a folder, from `saved_model.pb` or `.pbtxt`."""
    model = saved_model_pb2.SavedModel()
    binary = os.path.join(folder, "saved_model.pb")
    if tf.io.gfile.exists(binary):
        with tf.io.gfile.GFile(binary, "rb") as file:
            model.ParseFromString(file.read())
        return model
    with tf.io.gfile.GFile(os.path.join(folder, "saved_model.pbtxt"), "r") as file:
        return text_format.Parse(file.read(), model)


def _stand_in(name: str) -> str:
    """The name that TensorFlow makes of it for a Python argument."""
    swapped = re.sub(r"[^A-Za-z0-9]", "_", name)
    return swapped if swapped[0].isalpha() else f"arg_{swapped}"


def rename_signature(signature_def: Any, names: SignatureNames) -> None:
    """Gives one `SignatureDef` its method name, and its inputs their true names."""
    signature_def.method_name = names.method_name
    infos = {name: _copy(signature_def.inputs[stand_in]) for name, stand_in in names.inputs.items()}
    signature_def.inputs.clear()
    for name, info in infos.items():
        signature_def.inputs[name].CopyFrom(info)


def _copy(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def write_message(model: Any, folder: str, as_text: bool) -> None:
    """Writes a `SavedModel` message as `saved_model.pb` or `.pbtxt`, in place of what was there."""
    binary = os.path.join(folder, "saved_model.pb")
    if not as_text:
        with tf.io.gfile.GFile(binary, "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
        return
    with tf.io.gfile.GFile(os.path.join(folder, "saved_model.pbtxt"), "w") as file:
        file.write(text_format.MessageToString(model))
    if tf.io.gfile.exists(binary):
        tf.io.gfile.remove(binary)
