"""One checkpoint's files: whole or absent. For their names see `kerasrun.bridge.checkpoint_names`.

`model.ckpt-N.…` holds variables, and nothing but variables, for whoever reads them.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from kerasrun.bridge.checkpoint_names import INPUT_FOLDER, input_path, sum_of, sums_path
from kerasrun.bridge.reasons import reason_of
from kerasrun.exporters.durable import flush_to_disk, remove_quietly, write_whole

Tensor = Any  # a tensor or a variable; TensorFlow has no types

_SUFFIXES = (".data-00000-of-00001", ".index")  # in this order: the index makes it exist
_ASIDE = "tmp.ckpt"  # one name for all: what a killed process left is overwritten
# Saved where it can be, but a model may be restored without it.
_OPTIONAL = "metrics/"
# Not the model's.
_APART = (_OPTIONAL, "optimizer/")


def exists(path: str) -> bool:
    """Whether a checkpoint lies at this prefix."""
    return bool(tf.io.gfile.exists(f"{path}.index"))


def bytes_of(prefix: str) -> int:
    """How much the files at a prefix take on the disk, in bytes."""
    files = tf.io.gfile.glob(f"{prefix}.index") + tf.io.gfile.glob(f"{prefix}.data-*")
    return sum(int(tf.io.gfile.stat(file).length) for file in files)


def damage(path: str) -> str | None:
    """Reads a checkpoint to its last byte; returns what is wrong with it, or None.

    TensorFlow has checksums of its own, and meets damage in places where it ends the process before
    it comes to them: its eyes are the first only where another program wrote the checkpoint.
    """
    sums = _read_sums(path)
    if sums is None:
        return _damage_seen_by_tensorflow(path)
    for name, expected in sums.items():
        found = _sum_of(os.path.join(os.path.dirname(path), name))
        if found is None:
            return "a file is missing"
        if found != expected:
            return f"{name} does not hold what was written"
    return None


def _damage_seen_by_tensorflow(path: str) -> str | None:
    try:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        missing = isinstance(error, tf.errors.NotFoundError)
        return "a file is missing" if missing else reason_of(error)
    return None


def _read_sums(path: str) -> Mapping[str, int] | None:
    """By file, relative to the checkpoint's folder; None: it was written by another program."""
    sums = sums_path(path)
    if not tf.io.gfile.exists(sums):
        return None
    try:
        with tf.io.gfile.GFile(sums, "rb") as file:
            return {str(name): int(found) for name, found in json.loads(file.read()).items()}
    except (ValueError, TypeError, AttributeError, tf.errors.OpError):
        # Damaged itself: nobody can vouch for the rest.
        return {os.path.join(INPUT_FOLDER, os.path.basename(sums)): -1}


def _sum_of(file: str) -> int | None:
    """The CRC-32 of a file; None if it is not there."""
    try:
        with tf.io.gfile.GFile(file, "rb") as content:
            return sum_of(content)
    except (tf.errors.NotFoundError, tf.errors.FailedPreconditionError):
        return None


def restore(path: str, variables: Mapping[str, tf.Variable], *, whole: bool) -> None:
    """Gives every variable the value that the checkpoint holds for it.

    Args:
        path: The checkpoint's prefix.
        variables: The variables by name. Those below `metrics/` may be absent or of another shape:
            then they stay as they are.
        whole: Whether the checkpoint may hold no other weight.

    Raises:
        ValueError: There is no checkpoint, or it belongs to another model: the names or shapes
            that differ are listed, and no variable has been changed.
    """
    if not exists(path):
        raise ValueError(f"There is no checkpoint at {path!r}.")
    reader = tf.train.load_checkpoint(path)
    saved = reader.get_variable_to_shape_map()
    _check_same_model(path, saved, variables, whole)
    for name, variable in variables.items():
        if name in saved and saved[name] == variable.shape.as_list():
            variable.assign(reader.get_tensor(name))


def _check_same_model(
    path: str, saved: Mapping[str, list[int]], variables: Mapping[str, tf.Variable], whole: bool
) -> None:
    """Compares names and shapes; what is only in the checkpoint counts when it is a weight."""
    differences = []
    for name, variable in variables.items():
        shape = variable.shape.as_list()
        if name.startswith(_OPTIONAL):
            continue
        if name not in saved:
            differences.append(f"{name} {shape} is not in the checkpoint")
        elif saved[name] != shape:
            differences.append(f"{name} is {shape} in the model and {saved[name]} there")
    differences += [
        f"{name} {shape} is only in the checkpoint"
        for name, shape in sorted(saved.items())
        if whole and name not in variables and not name.startswith(_APART)
    ]
    if differences:
        raise ValueError(
            f"The checkpoint {path!r} belongs to another model: {'; '.join(differences)}. "
            "Use a new model_dir, or the model that wrote the checkpoint."
        )


def write_checkpoint(
    path: str, tensors: Mapping[str, Tensor], input_tensors: Mapping[str, Tensor]
) -> None:
    """Writes aside, flushes, renames; the variables' index comes last: it makes the checkpoint.

    Args:
        path: The checkpoint's prefix.
        tensors: The variables by name.
        input_tensors: Where the training input stands; empty: nothing is told of it.

    Raises:
        tf.errors.OpError, OSError: It could not be written; nothing of it is left.
    """
    folder = os.path.dirname(path)
    aside = os.path.join(folder, _ASIDE)
    of_input = input_path(path)
    parts = [(of_input, input_tensors)] if input_tensors else []
    sums: dict[str, int | None] = {}
    try:
        tf.io.gfile.makedirs(os.path.dirname(of_input))
        for prefix, held in (*parts, (path, tensors)):
            _save(aside, held)
            for suffix in _SUFFIXES:
                name = os.path.relpath(f"{prefix}{suffix}", folder or ".")
                sums[name] = _sum_of(f"{aside}{suffix}")
            if prefix == path:
                write_whole(sums_path(path), json.dumps(sums) + "\n")
            _rename(aside, prefix)
    except BaseException:
        _remove_all(f"{aside}*")
        raise


def _save(prefix: str, tensors: Mapping[str, Tensor]) -> None:
    _remove_all(f"{prefix}*")
    names = list(tensors)
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.convert_to_tensor(tensors[name]) for name in names],
    )
    for suffix in _SUFFIXES:
        flush_to_disk(f"{prefix}{suffix}")


def _rename(aside: str, prefix: str) -> None:
    remove_quietly(f"{prefix}.index")  # an old one must not vouch for the new data
    for suffix in _SUFFIXES:
        tf.io.gfile.rename(f"{aside}{suffix}", f"{prefix}{suffix}", overwrite=True)
    flush_to_disk(os.path.dirname(prefix) or ".")


def remove_checkpoint(path: str) -> None:
    """Removes a checkpoint, its index first: a half-removed one does not exist."""
    for prefix in (path, input_path(path)):
        remove_quietly(f"{prefix}.index")
        _remove_all(f"{prefix}.data-*")
    remove_quietly(sums_path(path))


def _remove_all(pattern: str) -> None:
    for file in tf.io.gfile.glob(pattern):
        remove_quietly(file)
