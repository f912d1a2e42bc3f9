"""The lock that a worker holds for its life: the only signal of life that is never wrong.

A POSIX lock (`fcntl.lockf`) belongs to the process: the kernel drops it at any death, a forked
child does not inherit it, and a reused pid means nothing to it.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

# A process loses its POSIX lock when it closes *any* descriptor of the file, and never sees its
# own lock as taken: so a holder must not probe its own file, and finds it here instead.
_held: set[tuple[int, int]] = set()


class RunLock:
    """Takes and keeps the lock file `path`.

    Raises:
        BlockingIOError: Another process holds it.
    """

    def __init__(self, path: Path, *, wait_secs: float = 2.0) -> None:
        if path.exists() and _identity(path.stat()) in _held:
            raise BlockingIOError(f"{path} is already locked by this process")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._key = _identity(os.fstat(self._file))
        try:
            self._acquire(time.monotonic() + wait_secs)
        except OSError:
            os.close(self._file)
            raise
        _held.add(self._key)

    def _acquire(self, deadline: float) -> None:
        # A reader's probe holds the lock for microseconds: try again for a while.
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except (BlockingIOError, PermissionError):
                if time.monotonic() >= deadline:
                    raise BlockingIOError("the lock is held by another process") from None
                time.sleep(0.02)

    def release(self) -> None:
        """Lets go; the death of the process does the same."""
        if self._key in _held:
            _held.discard(self._key)
            os.close(self._file)


def is_locked(path: Path) -> bool:
    """Whether some process, this one too, holds the lock file `path`."""
    try:
        if _identity(path.stat()) in _held:
            return True
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        with contextlib.suppress(OSError):
            os.close(file)
    return False


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
