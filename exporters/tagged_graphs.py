"""Several graphs of one model in one SavedModel, told apart by their tags.

    graphs = [TaggedGraph("train", ...), TaggedGraph("serve", ...)]
    path = write_tagged_graphs("out/all", graphs).path

    tf.saved_model.load(path, tags=["serve"])                           # one of several
    tf.compat.v1.saved_model.load(session, ["train"], path)             # as TensorFlow 1 does

TensorFlow writes one graph at a time: each is saved in a folder of its own, and their protocol
messages are put side by side, over one file of weights that holds each weight once.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from kerasrun.exporters.additions import Joint, join, traced_with_additions
from kerasrun.exporters.assets_extra import checked_assets_extra, copy_assets_extra
from kerasrun.exporters.check import ExpectedAnswer, ExportCheckError, check_export
from kerasrun.exporters.export_path import ExportPath
from kerasrun.exporters.saved_model import Export
from kerasrun.exporters.saved_objects import each_once, raw, root_of, save
from kerasrun.exporters.signature_names import (
    SignatureNames,
    read_saved_model,
    rename_signature,
    write_message,
)
from kerasrun.exporters.signatures import Signature, receiver_resources, with_alternatives
from kerasrun.exporters.version_folder import VersionFolder
from kerasrun.exporters.warmup import write_warmup_requests

_INIT_OP = "__saved_model_init_op"  # what fills tables: a signature that is none


@dataclass(frozen=True)
class TaggedGraph:
    """One graph.

    Attributes:
        tag: What it is found by: `serve`, `train`, `eval`.
        signatures: The ways to ask it, at least one.
        variables: Those that belong to it, by the name that they get in the export's checkpoint;
            others that its signatures read are added.
    """

    tag: str
    signatures: Sequence[Signature]
    variables: Mapping[str, Any]


class _Traced:
    """A graph whose signatures have been traced."""

    def __init__(self, graph: TaggedGraph) -> None:
        self.tag = graph.tag
        listed = with_alternatives(graph.signatures)
        self.resources = receiver_resources(listed)
        self.names: dict[str, SignatureNames]
        self.joints: list[Joint]
        self.names, self.functions, self.joints = traced_with_additions(listed)
        self.given = {name: raw(variable) for name, variable in graph.variables.items()}
        read = [v for f in self.functions.values() for v in f.graph.variables]
        self.variables = each_once([*self.given.values(), *read])


def write_tagged_graphs(
    export_dir_base: str,
    graphs: Iterable[TaggedGraph],
    resources: Iterable[Any] = (),
    *,
    assets_extra: Mapping[str, str] | None = None,
    as_text: bool = False,
    check: ExpectedAnswer | None = None,
    warmup_requests: Iterable[bytes] = (),
    clock: Callable[[], float] = time.time,
) -> Export:
    """Writes `<export_dir_base>/<seconds>`, a SavedModel of several graphs, or of one not to serve.

    Args:
        export_dir_base: Where the numbered exports lie; made if absent.
        graphs: In the order in which they are written, each tag once.
        resources: Lookup tables that the signatures use; those of the receivers are added.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` rather than `saved_model.pb`.
        check: A question to the graph `serve`, and the answer that it must give.
        warmup_requests: As in `write_saved_model`.
        clock: Answers the seconds since 1970; see `write_saved_model`.

    Returns:
        The folder and what the check found.

    Raises:
        ValueError: As `write_saved_model` does. Nothing is written.
        ExportCheckError: A graph cannot be loaded, or answers otherwise. Nothing is left of it.
    """
    assets = checked_assets_extra(assets_extra)
    made = [_Traced(graph) for graph in graphs]
    tables = each_once([*resources, *(table for each in made for table in each.resources)])
    variables = _names(made)
    with VersionFolder(export_dir_base, clock) as folder:
        model = saved_model_pb2.SavedModel(saved_model_schema_version=1)
        difference = 0.0
        for each in made:
            aside = os.path.join(folder.temporary, f"graph-{each.tag}")
            model.meta_graphs.append(_saved(each, aside, variables, tables))
            if each.tag == tf.saved_model.SERVING:
                difference = check_export(aside, each.names, check)
            _move_assets(aside, folder.temporary)
        everything = root_of(variables, tables, {})
        prefix = os.path.join(folder.temporary, "variables", "variables")
        tf.train.Checkpoint(root=everything).write(prefix)
        write_message(model, folder.temporary, as_text)
        copy_assets_extra(assets, folder.temporary)
        write_warmup_requests(warmup_requests, folder.temporary)
        _check_loadable(folder.temporary, made)
        path = folder.commit()
    asked = check.examples if check and tf.saved_model.SERVING in {e.tag for e in made} else 0
    return Export(ExportPath.of(path), asked, difference)


def _names(graphs: list[_Traced]) -> dict[str, Any]:
    """Every variable by the one name that it has in all graphs."""
    named = {name: variable for each in graphs for name, variable in each.given.items()}
    known = {id(variable) for variable in named.values()}
    others = each_once(v for each in graphs for v in each.variables if id(v) not in known)
    return named | {f"other_{i}": variable for i, variable in enumerate(others)}


def _saved(graph: _Traced, folder: str, variables: Mapping[str, Any], resources: list[Any]) -> Any:
    """Saves one graph aside, and returns its finished `MetaGraphDef`."""
    own = {id(variable) for variable in graph.variables}
    named = {name: variable for name, variable in variables.items() if id(variable) in own}
    save(root_of(named, resources, graph.functions), folder, graph.functions)
    model = read_saved_model(folder)
    meta_graph = model.meta_graphs[0]
    for joint in graph.joints:
        join(meta_graph, joint)
    for key, names in graph.names.items():
        rename_signature(meta_graph.signature_def[key], names)
    meta_graph.meta_info_def.tags[:] = [graph.tag]
    write_message(model, folder, as_text=False)
    _read_as_of_tensorflow_1(meta_graph)
    return meta_graph


def _read_as_of_tensorflow_1(meta_graph: Any) -> None:
    """Makes a graph one that loaders read by its signatures alone, as they do where several lie."""
    meta_graph.ClearField("object_graph_def")
    # Loaders find the operation in a collection, too; TensorFlow 2 would take this for a signature
    # to be called, and fail over the placeholders of its assets.
    meta_graph.signature_def.pop(_INIT_OP, None)


def _move_assets(source: str, folder: str) -> None:
    """Moves the vocabulary files to where all graphs share them.

    Every graph has the same tables in the same order, and so the same files by the same names.
    """
    found, kept = os.path.join(source, "assets"), os.path.join(folder, "assets")
    if tf.io.gfile.exists(found) and not tf.io.gfile.exists(kept):
        tf.io.gfile.rename(found, kept)
    tf.io.gfile.rmtree(source)


def _check_loadable(folder: str, graphs: list[_Traced]) -> None:
    for each in graphs:
        signatures = tf.saved_model.load(folder, tags=[each.tag]).signatures
        for key, names in each.names.items():
            found = signatures[key].structured_outputs if key in signatures else None
            if found is None or set(found) != set(names.outputs):
                raise ExportCheckError(
                    f"Signature {key!r} of the written graph {each.tag!r} has the outputs "
                    f"{sorted(found or ())}; expected {sorted(names.outputs)}."
                )
