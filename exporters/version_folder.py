"""The numbered folder of an export: written aside, flushed, then named."""

import os
from collections.abc import Callable
from typing import Self

import tensorflow as tf

from kerasrun.exporters.durable import flush_to_disk, flush_tree_to_disk, is_local
from kerasrun.exporters.retention import versions

_TRIES = 10


class VersionFolder:
    """A folder that gets its name when it is whole, and vanishes if that fails.

    Used as a context: within it the content is written to `temporary`; `commit` gives the name.

    Args:
        base: Where the numbered folders lie; made if absent.
        clock: Answers the seconds since 1970, which give the name.

    Raises:
        RuntimeError: Others took the name at each of ten tries.
    """

    def __init__(self, base: str, clock: Callable[[], float]) -> None:
        self._base, self._clock = os.fspath(base), clock
        self.temporary = ""
        self._named = False

    def __enter__(self) -> Self:
        """Makes the temporary folder."""
        tf.io.gfile.makedirs(self._base)
        number = max(int(self._clock()), self._above_all())
        for each in range(number, number + _TRIES):
            temporary = os.path.join(self._base, f"temp-{each:010d}")
            if _made_anew(temporary):
                self.temporary = temporary
                return self
        raise RuntimeError(self._taken())

    def __exit__(self, *exception: object) -> None:
        """Removes the temporary folder if it was not given its name."""
        if not self._named and tf.io.gfile.exists(self.temporary):
            tf.io.gfile.rmtree(self.temporary)

    def commit(self) -> str:
        """Flushes the folder to disk, gives it its name and returns its path.

        The name is ten digits: the seconds, or the next number if that is not above all before it.

        Raises:
            RuntimeError: Others took the name at each of ten tries, or the store renames a folder
                without its content.
        """
        content = tf.io.gfile.listdir(self.temporary)
        flush_tree_to_disk(self.temporary)
        own = int(self.temporary.rpartition("-")[2])
        for _ in range(_TRIES):
            path = os.path.join(self._base, f"{max(own, self._above_all()):010d}")
            if self._rename(path):
                self._named = True
                _check_content(path, content)
                flush_to_disk(self._base)
                return path
        raise RuntimeError(self._taken())

    def _rename(self, path: str) -> bool:
        if tf.io.gfile.exists(path):
            return False
        try:
            tf.io.gfile.rename(self.temporary, path)
        except (tf.errors.AlreadyExistsError, tf.errors.FailedPreconditionError):
            return False
        return True

    def _above_all(self) -> int:
        return max((int(name) + 1 for name in versions(self._base)), default=0)

    def _taken(self) -> str:
        return (
            f"No free name for an export in {self._base}: others took it at each of {_TRIES} "
            "tries. Is another program exporting there without end?"
        )


def _check_content(path: str, content: list[str]) -> None:
    if set(tf.io.gfile.listdir(path)) != set(content):
        raise RuntimeError(
            f"{path} came out without its content: this store cannot rename folders. Export to "
            "another one, and copy."
        )


def _made_anew(folder: str) -> bool:
    """Makes a folder; False if there was one. Where the store cannot do both at once, in turn."""
    if not is_local(folder):
        taken = tf.io.gfile.exists(folder)
        tf.io.gfile.makedirs(folder)
        return not taken
    try:
        os.mkdir(folder)
    except FileExistsError:
        return False
    return True
