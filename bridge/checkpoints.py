"""Checkpoints in TensorFlow's format: `model.ckpt-N`, whole or absent, with relative paths.

The files are those of `tf.compat.v1.train.Saver` (and readable by `tf.train.load_checkpoint`):
tensors by name, an index, and the text file `checkpoint` that names the newest one.
"""

import os
import re
import time
from collections.abc import Callable, Mapping

import tensorflow as tf

from kerasrun.bridge.checkpoint_state import Kept, read_state, thinned, write_state
from kerasrun.exporters.durable import flush_to_disk, remove_quietly

_PREFIX = "model.ckpt"
_DATA_SUFFIX = ".data-00000-of-00001"
_SECS_PER_HOUR = 3600.0
# Saved where it can be, but a model may be restored without it.
_OPTIONAL = "metrics/"


def step_of(path: str) -> int:
    """The step in a checkpoint's name: 500 for `…/model.ckpt-500`.

    Raises:
        ValueError: There is none.
    """
    match = re.search(r"-(\d+)$", path)
    if match is None:
        raise ValueError(f"{path!r} is no checkpoint's prefix: expected …/{_PREFIX}-<step>.")
    return int(match[1])


def exists(path: str) -> bool:
    """Whether a whole checkpoint lies at this prefix."""
    return bool(tf.io.gfile.exists(f"{path}.index"))


class Checkpoints:
    """The checkpoints of one folder.

    Args:
        model_dir: The folder; made when the first checkpoint is saved.
        keep_max: How many recent ones are kept; 0 or None keeps all.
        keep_every_n_hours: One in so many hours is kept for good; None: none is.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        model_dir: str,
        keep_max: int | None = 5,
        keep_every_n_hours: float | None = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dir = model_dir
        self._keep_max = keep_max
        self._keep_secs = (keep_every_n_hours or float("inf")) * _SECS_PER_HOUR
        self._clock = clock

    def latest(self) -> str | None:
        """The prefix of the newest checkpoint that is there, or None."""
        for kept in reversed(read_state(self._dir).kept):
            if exists(path := os.path.join(self._dir, kept.name)):
                return path
        return None

    def save(self, variables: Mapping[str, tf.Variable], step: int) -> str:
        """Writes a checkpoint, thins out the older ones, and returns the new one's prefix.

        Args:
            variables: What to save, by name.
            step: The `global_step` that it belongs to.

        Raises:
            tf.errors.OpError: It could not be written; those before are as they were.
        """
        tf.io.gfile.makedirs(self._dir)
        name = f"{_PREFIX}-{step}"
        _write_whole(os.path.join(self._dir, name), variables)
        state = read_state(self._dir)
        kept = [*(k for k in state.kept if k.name != name), Kept(name, self._clock())]
        state, removed = thinned(kept, state.last_preserved, self._keep_max, self._keep_secs)
        write_state(self._dir, state)
        for old in removed:
            _remove(os.path.join(self._dir, old))
        return os.path.join(self._dir, name)


def restore(path: str, variables: Mapping[str, tf.Variable]) -> None:
    """Gives every variable the value that the checkpoint holds for it.

    Args:
        path: The checkpoint's prefix.
        variables: The variables by name. Those below `metrics/` may be absent or of another shape:
            then they stay as they are.

    Raises:
        ValueError: There is no checkpoint, or it belongs to another model: the names or shapes
            that differ are listed, and no variable has been changed.
    """
    if not exists(path):
        raise ValueError(f"There is no checkpoint at {path!r}.")
    reader = tf.train.load_checkpoint(path)
    saved = reader.get_variable_to_shape_map()
    _check_same_model(path, saved, variables)
    for name, variable in variables.items():
        if name in saved and saved[name] == variable.shape.as_list():
            variable.assign(reader.get_tensor(name))


def _check_same_model(
    path: str, saved: Mapping[str, list[int]], variables: Mapping[str, tf.Variable]
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
        if name not in variables and not name.startswith((_OPTIONAL, "optimizer/"))
    ]
    if differences:
        raise ValueError(
            f"The checkpoint {path!r} belongs to another model: {'; '.join(differences)}. "
            "Use a new model_dir, or the model that wrote the checkpoint."
        )


def _write_whole(path: str, variables: Mapping[str, tf.Variable]) -> None:
    """Writes aside, flushes, renames; the index comes last and makes the checkpoint exist."""
    aside = f"{path}.tmp-{os.getpid()}"
    names = list(variables)
    try:
        tf.raw_ops.SaveV2(
            prefix=aside,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[variables[name].read_value() for name in names],
        )
        for suffix in (_DATA_SUFFIX, ".index"):
            flush_to_disk(f"{aside}{suffix}")
        for suffix in (_DATA_SUFFIX, ".index"):
            tf.io.gfile.rename(f"{aside}{suffix}", f"{path}{suffix}", overwrite=True)
    except BaseException:
        for leftover in tf.io.gfile.glob(f"{aside}*"):
            remove_quietly(leftover)
        raise
    flush_to_disk(os.path.dirname(path) or ".")


def _remove(path: str) -> None:
    """Removes a checkpoint, its index first: a half-removed one does not exist."""
    remove_quietly(f"{path}.index")
    for data in tf.io.gfile.glob(f"{path}.data-*"):
        remove_quietly(data)
