"""Writes a SavedModel that TensorFlow alone can load: checked, then put in place.

    receiver = trace_receiver(serving_input_receiver_fn)
    signature = Signature("serving_default", lambda features: {"probs": model(features)}, receiver)
    fed = receiver_inputs(receiver, batch)                            # None: cannot be told
    live = model(receiver.features(fed))                              # what it must answer
    export = write_saved_model(
        "out/export/latest", [signature], model_variables, resources_of(model),
        check=ExpectedAnswer(fed, {"probs": live.numpy()}),
    )
    export.path                                                       # out/export/latest/1795300215

The folder holds each weight once, the lookup tables with their vocabulary files, and the traced
signatures; no Keras object and nothing of this package. It is written as `temp-<seconds>`, loaded
anew and asked; only then it gets its name. A failed export leaves nothing.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from kerasrun.exporters.assets_extra import checked_assets_extra, copy_assets_extra
from kerasrun.exporters.check import ExpectedAnswer, check_export
from kerasrun.exporters.export_path import ExportPath
from kerasrun.exporters.receiver import TracedReceiver
from kerasrun.exporters.signature_names import SignatureNames, finish_signatures, signature_names
from kerasrun.exporters.version_folder import VersionFolder


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
    """

    name: str
    function: Callable[[Any], Mapping[str, Any]]
    receiver: TracedReceiver
    method_name: str = tf.saved_model.PREDICT_METHOD_NAME


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        path: The folder, under its final name.
        examples: How many examples the check compared; 0 if none were given.
        difference: The largest absolute difference to what was expected.
    """

    path: ExportPath
    examples: int
    difference: float


def write_saved_model(
    export_dir_base: str,
    signatures: Iterable[Signature],
    variables: Iterable[Any] | Mapping[str, Any],
    resources: Iterable[Any] = (),
    *,
    assets_extra: Mapping[str, str] | None = None,
    as_text: bool = False,
    check: ExpectedAnswer | None = None,
    clock: Callable[[], float] = time.time,
) -> Export:
    """Writes `<export_dir_base>/<seconds>`, a SavedModel tagged `serve`.

    Args:
        export_dir_base: Where the numbered exports lie; made if absent.
        signatures: At least one, each name once.
        variables: The model's variables, of TensorFlow or of Keras; in a dict by the name that
            they get in the export's checkpoint. Any other variable that a signature reads is added.
        resources: Lookup tables that the signatures use; those of the receivers are added.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` rather than `saved_model.pb`.
        check: A question and the answer that the written model must give.
        clock: Answers the seconds since 1970. The folder is named by them; a name that is not above
            all before it is raised to the next free one, so that names always rise.

    Returns:
        The folder and what the check found.

    Raises:
        ValueError: A signature is unfit, an asset is missing or escapes, or a signature uses a
            table that is not among `resources`. Nothing is written.
        ExportCheckError: The written model answers otherwise. Nothing is left of it.
    """
    listed = _with_alternatives(signatures)
    assets = checked_assets_extra(assets_extra)
    names, functions = _traced(listed)
    root = _root(variables, [*resources, *_receiver_resources(listed)], functions)
    with VersionFolder(export_dir_base, clock) as folder:
        _save(root, folder.temporary, functions)
        finish_signatures(folder.temporary, names, as_text)
        copy_assets_extra(assets, folder.temporary)
        difference = check_export(folder.temporary, names, check)
        path = folder.commit()
    return Export(ExportPath.of(path), check.examples if check else 0, difference)


def _with_alternatives(signatures: Iterable[Signature]) -> list[Signature]:
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


def _traced(signatures: list[Signature]) -> tuple[dict[str, SignatureNames], dict[str, Any]]:
    names: dict[str, SignatureNames] = {}
    functions: dict[str, Any] = {}
    for signature in signatures:
        inputs = signature_names(signature.name, signature.receiver.specs)
        function = _function(signature, inputs)
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


def _receiver_resources(signatures: list[Signature]) -> list[Any]:
    return [table for signature in signatures for table in signature.receiver.resources]


def _root(variables: Any, resources: list[Any], functions: Mapping[str, Any]) -> Any:
    """What `tf.saved_model.save` walks: nothing but variables, tables and what these hold."""
    root = tf.__internal__.tracking.AutoTrackable()
    if isinstance(variables, Mapping):
        root.variables = {name: _raw(variable) for name, variable in variables.items()}
        known = {id(variable) for variable in root.variables.values()}
    else:
        root.variables = _each_once(_raw(variable) for variable in variables)
        known = {id(variable) for variable in root.variables}
    read = [variable for function in functions.values() for variable in function.graph.variables]
    root.other_variables = _each_once(v for v in read if id(v) not in known)
    root.resources = _each_once(resources)
    return root


def _raw(variable: Any) -> Any:
    """The `tf.Variable` of a `keras.Variable`."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def _each_once(values: Iterable[Any]) -> list[Any]:
    return list({id(value): value for value in values}.values())


def _save(root: Any, folder: str, functions: Mapping[str, Any]) -> None:
    try:
        tf.saved_model.save(root, folder, signatures=dict(functions))
    except AssertionError as error:
        raise ValueError(
            "A signature uses a resource (a lookup table) that is not part of the export. Pass it "
            f"in `resources`, as resources_of(model) finds it in a model. TensorFlow says: {error}"
        ) from error
