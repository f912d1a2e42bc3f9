"""The checkpoints of a folder: which are there, which is the newest, which go.

The files are those of `tf.compat.v1.train.Saver` (and readable by `tf.train.load_checkpoint`):
tensors by name, an index, and the text file `checkpoint` that names the newest one.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from kerasrun.bridge.checkpoint_files import (
    Tensor,
    damage,
    exists,
    remove_checkpoint,
    write_checkpoint,
)
from kerasrun.bridge.checkpoint_list import CheckpointState, Kept, thinned
from kerasrun.bridge.checkpoint_names import PREFIX, is_name, step_of
from kerasrun.bridge.checkpoint_state import read_state, write_state
from kerasrun.bridge.errors import CheckpointDamagedError

_SECS_PER_HOUR = 3600.0
_NONE: Mapping[str, Tensor] = {}


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
        self._whole: set[str] = set()
        self._told: set[str] = set()

    def latest(self) -> str | None:
        """The prefix of the newest checkpoint that is there, or None."""
        return next(iter(self._newest_first()), None)

    def newest_whole(self, notice: Callable[[str], None]) -> str | None:
        """The newest checkpoint that can be read to its last byte; None if there never was one.

        Those that this process has written or read so are not read again.

        Args:
            notice: Told of those that are damaged, and of a folder that does not list its own.

        Raises:
            CheckpointDamagedError: There are checkpoints, and none is whole.
        """
        damaged: dict[str, str] = {}
        paths = self._newest_first()
        if paths and self._named_newest() != paths[0]:
            self._tell(
                notice,
                f"The file {self._dir}/checkpoint does not name a checkpoint that is there as the "
                f"newest: it is missing, damaged or out of date. {os.path.basename(paths[0])} is "
                "taken for it.",
            )
        for path in paths:
            found = None if path in self._whole else damage(path)
            if found is None:
                self._whole.add(path)
                if damaged:
                    self._tell(notice, _fallback(path, damaged))
                return path
            damaged[path] = found
        if damaged:
            raise CheckpointDamagedError(self._dir, damaged)
        return None

    def saved_at(self, path: str) -> float:
        """When a checkpoint was saved, in seconds since 1970; 0 if it is not known."""
        name = os.path.basename(path)
        return next((k.time for k in read_state(self._dir).kept if k.name == name), 0.0)

    def go_on_from(self, path: str) -> None:
        """Takes checkpoints of later steps out of the list: training goes another way.

        Their files stay, until others of the same step take their place.
        """
        state = read_state(self._dir)
        kept = tuple(
            one for one in state.kept if not is_name(one.name) or step_of(one.name) <= step_of(path)
        )
        if not kept:
            kept = (Kept(os.path.basename(path), self._clock()),)
        if kept != state.kept:
            write_state(self._dir, CheckpointState(kept, state.last_preserved))

    def save(
        self, tensors: Mapping[str, Tensor], step: int, input_tensors: Mapping[str, Tensor] = _NONE
    ) -> str:
        """Writes a checkpoint, thins out the older ones, and returns the new one's prefix.

        Args:
            tensors: The variables, or their values, by name.
            step: The `global_step` that it belongs to.
            input_tensors: Where the training input stands.

        Raises:
            tf.errors.OpError, OSError: It could not be written; those before are as they were.
        """
        tf.io.gfile.makedirs(self._dir)
        name = f"{PREFIX}-{step}"
        path = os.path.join(self._dir, name)
        write_checkpoint(path, tensors, input_tensors)
        state = read_state(self._dir)
        others = (k for k in state.kept if k.name != name and exists(self._path(k.name)))
        kept = [*others, Kept(name, self._clock())]
        state, removed = thinned(kept, state.last_preserved, self._keep_max, self._keep_secs)
        write_state(self._dir, state)
        self._whole.add(path)
        for old in removed:
            self._whole.discard(self._path(old))
            remove_checkpoint(self._path(old))
        return path

    def _tell(self, notice: Callable[[str], None], text: str) -> None:
        """Once: what is damaged now will be found damaged again."""
        if text not in self._told:
            self._told.add(text)
            notice(text)

    def _path(self, name: str) -> str:
        return os.path.join(self._dir, name)

    def _named_newest(self) -> str | None:
        kept = read_state(self._dir).kept
        return self._path(kept[-1].name) if kept else None

    def _listed(self) -> Sequence[str]:
        """Those that the file `checkpoint` names and that are there, newest first."""
        paths = (self._path(kept.name) for kept in reversed(read_state(self._dir).kept))
        return [path for path in paths if exists(path)]

    def _newest_first(self) -> Sequence[str]:
        """Those listed; where none is, those that lie in the folder."""
        return self._listed() or self._lying_there()

    def _lying_there(self) -> Sequence[str]:
        indexes = tf.io.gfile.glob(self._path(f"{PREFIX}-*.index"))
        paths = [path.removesuffix(".index") for path in indexes]
        return sorted((path for path in paths if is_name(path)), key=step_of, reverse=True)


def _fallback(path: str, damaged: Mapping[str, str]) -> str:
    told = "; ".join(f"{os.path.basename(name)} ({why})" for name, why in damaged.items())
    several = "is" if len(damaged) == 1 else "are"
    return (
        f"{told} {several} damaged. {os.path.basename(path)}, the newest checkpoint that is whole, "
        "is used in place; the damaged files are left where they are."
    )
