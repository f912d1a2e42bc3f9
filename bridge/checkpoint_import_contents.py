"""What is in a checkpoint of another program: its variables, what each is, and the step.

Read are checkpoints of `tf.compat.v1.train.Saver` (variables by name), of `tf.train.Checkpoint`
and `tf.keras` (variables by their place in an object), and those in SavedModels.
"""

import contextlib
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from kerasrun.bridge.checkpoint_files import damage, exists
from kerasrun.bridge.checkpoint_import_kinds import AVERAGE, STEP, WEIGHT, Shape, kind_of
from kerasrun.bridge.checkpoint_names import is_name, step_of, sums_path
from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.reasons import reason_of
from kerasrun.bridge.suggest import did_you_mean

_FILE_END = re.compile(r"\.(index|meta|data-\d+-of-\d+)$")
_ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE"
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_IN_SAVED_MODEL = os.path.join("variables", "variables")


class NoCheckpointError(ValueError):
    """There is no checkpoint at the path."""


class UnreadableCheckpointError(ValueError):
    """There is a checkpoint, and it is damaged."""


@dataclass(frozen=True)
class CheckpointVariable:
    """One variable in a checkpoint.

    Attributes:
        name: What its program called it, such as `dense/kernel`.
        key: What it is called in the file.
        shape: Its shape.
        dtype: Such as `float32`.
        nbytes: What its values take; None where that is not fixed, as with strings.
        kind: `weight`, `optimizer`, `average` (moving averages), `step` or `other`.
        of: Whose slot or average it is, or None.
        slot: Which slot of an optimizer it is, such as `Adam m`, or None.
    """

    name: str
    key: str
    shape: Shape
    dtype: str
    nbytes: int | None
    kind: str
    of: str | None = None
    slot: str | None = None


@dataclass(frozen=True)
class CheckpointContents:
    """All that a checkpoint tells of itself.

    Attributes:
        path: Its prefix.
        step: The `global_step`; None where nothing tells it.
        variables: In the order of their names, numbers by value.
    """

    path: str
    step: int | None
    variables: tuple[CheckpointVariable, ...]

    def weights(self) -> dict[str, CheckpointVariable]:
        """The variables of the model itself, by name."""
        return {one.name: one for one in self.variables if one.kind == WEIGHT}

    def averages(self) -> dict[str, CheckpointVariable]:
        """The moving averages, by the name of the variable that they are of."""
        return {str(one.of): one for one in self.variables if one.kind == AVERAGE}

    def values(self, names: Sequence[str]) -> dict[str, Any]:
        """Reads variables as numpy arrays, by name.

        Raises:
            UnreadableCheckpointError: The files do not hold what was written.
        """
        keys = {one.name: one.key for one in self.variables}
        if _has_sums(self.path) and (found := damage(self.path)) is not None:
            raise UnreadableCheckpointError(f"the checkpoint {self.path} is damaged: {found}")
        with _readable(self.path):
            reader = tf.train.load_checkpoint(self.path)
            return {name: reader.get_tensor(keys[name]) for name in names}


def read_contents(path: str | os.PathLike[str]) -> CheckpointContents:
    """Lists what a checkpoint holds; weights are not read.

    Args:
        path: A checkpoint's prefix (`…/model.ckpt-500`), one of its files, a folder of checkpoints
            (its newest is taken) or a SavedModel.

    Raises:
        NoCheckpointError: There is none; what lies there is named.
        UnreadableCheckpointError: Its index is damaged, or its data are missing.
    """
    prefix = _find(os.fspath(path))
    with _readable(prefix):
        reader = tf.train.load_checkpoint(prefix)
        shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
        names = _names(reader, shapes)
    if not tf.io.gfile.glob(f"{prefix}.data-*"):
        raise UnreadableCheckpointError(
            f"the checkpoint {prefix} has no data file beside its index"
        )
    by_name = {names[key]: tuple(shape) for key, shape in shapes.items()}
    variables = [_variable(names[key], key, by_name, dtypes[key]) for key in shapes]
    ordered = tuple(sorted(variables, key=lambda one: natural_key(one.name)))
    with _readable(prefix):
        return CheckpointContents(prefix, _step(prefix, reader, ordered), ordered)


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts `layer_2` before `layer_10`."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


@contextlib.contextmanager
def _readable(prefix: str) -> Iterator[None]:
    """Inside it, what TensorFlow finds wrong with the files is told as damage."""
    try:
        yield
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise UnreadableCheckpointError(
            f"the checkpoint {prefix} is damaged: {reason_of(error)}"
        ) from error


def _has_sums(prefix: str) -> bool:
    """Whether an Estimator of ours wrote it."""
    return is_name(prefix) and bool(tf.io.gfile.exists(sums_path(prefix)))


def _variable(
    name: str, key: str, shapes: Mapping[str, Shape], dtype: tf.DType
) -> CheckpointVariable:
    is_number = dtype not in (tf.string, tf.variant, tf.resource)
    nbytes = dtype.size * math.prod(shapes[name]) if is_number else None
    kind = kind_of(name, shapes, is_number=is_number)
    return CheckpointVariable(name, key, shapes[name], dtype.name, nbytes, *kind)


def _names(reader: Any, keys: Sequence[str]) -> dict[str, str]:
    """By key, what the program called each variable, where that is one name for one variable."""
    named = {key: key.removesuffix(_ATTRIBUTE) for key in keys}
    if not reader.has_tensor(_OBJECT_GRAPH):
        return named
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor(_OBJECT_GRAPH))
    attributes = [attribute for node in graph.nodes for attribute in node.attributes]
    full = {one.checkpoint_key: one.full_name for one in attributes if one.full_name}
    counts = Counter(full.values())
    taken = set(named.values())
    for key, name in full.items():
        if key in named and counts[name] == 1 and name not in taken:
            named[key] = name
    return named


def _step(prefix: str, reader: Any, variables: Sequence[CheckpointVariable]) -> int | None:
    """What `global_step` holds; else how often the optimizer was called; else the file's name."""
    steps = [one for one in variables if one.kind == STEP]
    steps += [one for one in variables if re.fullmatch(r".*/iter(ations?)?", one.name)]
    for one in steps:
        if one.shape == () and tf.as_dtype(one.dtype).is_integer:
            return int(reader.get_tensor(one.key))
    return step_of(prefix) if is_name(prefix) else None


def _find(path: str) -> str:
    """The prefix that a path means."""
    for prefix in (path, _FILE_END.sub("", path), os.path.join(path, _IN_SAVED_MODEL)):
        if exists(prefix):
            return prefix
    if tf.io.gfile.isdir(path):
        if latest := Checkpoints(path).latest():
            return latest
        return _only_one(path)
    folder, name = os.path.split(path)
    beside = tf.io.gfile.listdir(folder or ".") if tf.io.gfile.isdir(folder or ".") else []
    names = {_FILE_END.sub("", one.rstrip("/")) for one in beside}
    if tf.io.gfile.exists(path):
        raise NoCheckpointError(
            f"{path} is no checkpoint: expected a folder of checkpoints, or a name such as "
            f"{os.path.join(folder, 'model.ckpt-500')}"
        )
    raise NoCheckpointError(f"there is no checkpoint {path!r}.{did_you_mean(name, names)}")


def _only_one(folder: str) -> str:
    """The one checkpoint of a folder that does not tell which is its newest."""
    there = _prefixes(folder)
    if not there:
        raise NoCheckpointError(
            f"there is no checkpoint in {folder}: expected files such as model.ckpt-500.index"
        )
    if len(there) > 1:
        shown = ", ".join(there[:5]) + (", …" if len(there) > 5 else "")
        raise NoCheckpointError(
            f"{folder} does not tell which checkpoint is its newest: name one of {shown}, "
            f"such as {os.path.join(folder, there[-1])}"
        )
    return os.path.join(folder, there[0])


def _prefixes(folder: str) -> list[str]:
    files = tf.io.gfile.listdir(folder)
    found = [file.removesuffix(".index") for file in files if file.endswith(".index")]
    return sorted(found, key=natural_key)
