"""The numbered folder of an export: written aside, flushed, then named."""

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Callable
from typing import Self

import tensorflow as tf

from kerasrun.exporters.durable import flush_to_disk, flush_tree_to_disk, is_local
from kerasrun.exporters.retention import newest_version

_TRIES = 10
_TEMPORARY = re.compile(r"temp-\d{10}")


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
        self._sign_of_life: int | None = None

    def __enter__(self) -> Self:
        """Makes the temporary folder; removes those of processes that are dead."""
        tf.io.gfile.makedirs(self._base)
        _remove_abandoned(self._base)
        number = max(int(self._clock()), self._above_all())
        for each in range(number, number + _TRIES):
            temporary = os.path.join(self._base, f"temp-{each:010d}")
            if not _made_anew(temporary):
                continue
            try:
                self._sign_of_life = _locked(temporary)
            except (BlockingIOError, FileNotFoundError):  # taken for abandoned, before it was ours
                continue
            self.temporary = temporary
            return self
        raise RuntimeError(self._taken())

    def __exit__(self, *exception: object) -> None:
        """Removes the temporary folder if it was not given its name."""
        if not self._named and tf.io.gfile.exists(self.temporary):
            tf.io.gfile.rmtree(self.temporary)
        if self._sign_of_life is not None:
            os.close(self._sign_of_life)

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
        newest = newest_version(self._base)
        return 0 if newest is None else int(newest) + 1

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


def _locked(folder: str) -> int | None:
    """Locks a folder until its descriptor is closed or its process dies; None: no locks there.

    Raises:
        BlockingIOError: Another process, or this one, holds the lock.
        FileNotFoundError: The folder is gone.
    """
    if not is_local(folder):
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def _remove_abandoned(base: str) -> None:
    """Removes the temporary folders whose locks nobody holds: what killed processes left."""
    for name in os.listdir(base) if is_local(base) else []:
        if not _TEMPORARY.fullmatch(name):
            continue
        folder = os.path.join(base, name)
        with contextlib.suppress(OSError):  # it is at work, or not ours to read
            descriptor = _locked(folder)
            if descriptor is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)


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
