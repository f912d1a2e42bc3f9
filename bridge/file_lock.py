"""A lock file that one process holds, and that says which one.

A POSIX lock (`fcntl.lockf`) belongs to the process: the kernel drops it at any death, a forked
child does not inherit it, and a reused pid means nothing to it. Only the standard library is
imported here: `mlrun runs` asks these locks, and must not wait for TensorFlow.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

Path = str | os.PathLike[str]

_PAUSE_SECS = 0.02
_HELD_BY_OTHERS = (errno.EAGAIN, errno.EACCES)  # POSIX leaves the choice
_FLOCK = struct.Struct("@hhqqi0q")  # Linux's `struct flock`: type, whence, start, length, pid


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes:
        pid: The process.
        host: The name of its machine.
        since: When it took the lock, in UTC, ISO 8601.
    """

    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        """`process 1234 on host node7`."""
        return f"process {self.pid} on host {self.host}"


class Locked(BlockingIOError):
    """The lock is held already.

    Attributes:
        holder: By whom; None when the file does not tell.
    """

    def __init__(self, path: Path, holder: Holder | None) -> None:
        who = f"{holder}, since {holder.since}" if holder else "another process"
        super().__init__(f"{os.fspath(path)} is held by {who}")
        self.holder = holder


# A process loses its POSIX lock when it closes *any* descriptor of the file, and never sees its
# own lock as taken. So what this process holds is known from here, and its file is not opened
# again; the mutex keeps a second thread from opening it while the first is taking the lock.
_held: dict[tuple[int, int], Holder] = {}
_mutex = threading.Lock()


class FileLock:
    """Takes the lock file `path`, and writes into it who holds it.

    Args:
        path: Made if absent; never deleted.
        wait_secs: How long to try: somebody who only looks whether it is held, as `is_locked`,
            holds it for microseconds.

    Raises:
        Locked: Another process holds it, or this one.
        OSError: The file cannot be written, or its file system knows no locks.
    """

    def __init__(self, path: Path, *, wait_secs: float = 2.0) -> None:
        deadline = time.monotonic() + wait_secs
        while (file := _try_to_take(path)) is None:
            if time.monotonic() >= deadline:
                raise Locked(path, holder_of(path))
            time.sleep(_PAUSE_SECS)
        self._file = file
        self._key = _identity(os.fstat(file))

    def __enter__(self) -> Self:
        """It is taken already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Lets go."""
        self.release()

    def release(self) -> None:
        """Lets go; the death of the process does the same."""
        with _mutex:
            if _held.pop(self._key, None) is not None:
                os.close(self._file)


def is_locked(path: Path) -> bool:
    """Whether some process, this one too, holds the lock file `path`.

    Raises:
        OSError: It cannot be asked.
    """
    with _mutex:
        try:
            if _identity(os.stat(path)) in _held:
                return True
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _lock(file, fcntl.LOCK_SH, path)
        finally:
            os.close(file)


def holder_of(path: Path) -> Holder | None:
    """Who took the lock file `path` last, whether or not it is held still; None: not known."""
    with _mutex, contextlib.suppress(OSError, ValueError, TypeError):
        if ours := _held.get(_identity(os.stat(path))):
            return ours
        with open(path, encoding="utf-8") as file:
            holder = Holder(**json.loads(file.readline(4096)))
        if isinstance(holder.pid, int) and isinstance(holder.host, str):
            return holder
    return None


def locking_pid(path: Path) -> int | None:
    """The process that holds the lock file `path` now, as the kernel says.

    None: nobody holds it, or the kernel does not tell: it is of another machine, or container.
    Where the kernel cannot be asked (elsewhere than on Linux) it is what the file says.

    Raises:
        OSError: It cannot be asked.
    """
    if sys.platform != "linux":
        holder = holder_of(path) if is_locked(path) else None
        return holder.pid if holder else None
    with _mutex:
        try:
            if _identity(os.stat(path)) in _held:
                return os.getpid()
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            # For a shared lock: who only looks, as `is_locked`, is in nobody's way.
            asked = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
            kind, *_, pid = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
        finally:
            os.close(file)
    return pid if kind != fcntl.F_UNLCK and pid > 0 else None


def _try_to_take(path: Path) -> int | None:
    """The descriptor that holds the lock, or None when another process has it now."""
    with _mutex:
        with contextlib.suppress(FileNotFoundError):
            if ours := _held.get(_identity(os.stat(path))):
                raise Locked(path, ours)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        taken = False
        try:
            taken = _lock(file, fcntl.LOCK_EX, path)
        finally:
            if not taken:
                os.close(file)
        if not taken:
            return None
        holder = Holder(os.getpid(), socket.gethostname(), f"{datetime.now(UTC):%FT%TZ}")
        _held[_identity(os.fstat(file))] = holder
        with contextlib.suppress(OSError):  # a full disk: held, though nobody can read by whom
            _write(file, holder)
        return file


def _lock(file: int, kind: int, path: Path) -> bool:
    try:
        fcntl.lockf(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD_BY_OTHERS:
            return False
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    return True


def _write(file: int, holder: Holder) -> None:
    # Over the one before, and cut off then: this needs no new space on the disk, and whoever
    # reads a line meanwhile reads a whole one.
    line = json.dumps(asdict(holder)).encode() + b"\n"
    os.pwrite(file, line, 0)
    os.ftruncate(file, len(line))


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
