"""One event file that a kill cannot spoil and a full disk cannot make raise.

Each event goes to the system at once, in one write: a killed process loses none, and leaves at most
a half-written last one, which readers pass over. What cannot be written is kept and written later,
in order and each once.

A record's framing is TensorBoard's own.
"""

import io
import os
import re
import socket
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import tensorflow as tf
from tensorboard.summary.writer.record_writer import RecordWriter

from kerasrun.bridge.reasons import reason_of
from kerasrun.exporters.durable import is_local

_VERSION = "brain.Event:2"  # from here on readers drop what a restart made void
_PREFIX = "events.out.tfevents."
_SECOND = re.compile(rf"{re.escape(_PREFIX)}(\d{{10}})\.")
_MOST_KEPT = 10_000
_RETRY_SECS = 5.0
_FAILURES = (OSError, tf.errors.OpError)


class _Sink(Protocol):
    """Where records go."""

    def append(self, records: bytes) -> None:
        """Writes all of it, or raises and has written nothing."""

    def flush(self) -> None:
        """Brings to disk what has been written."""

    def close(self) -> None:
        """Lets go."""

    @property
    def lost(self) -> bool:
        """Whether the file has been deleted."""


class EventFile:
    """Appends events to a new file in a folder; the first one makes it.

    Args:
        logdir: The folder; made if absent, also when it was deleted meanwhile.
        suffix: Sets this file's name apart from others of the same second.
        notice: Told when events cannot be written, and when they can be again.
        clock: Seconds from any start.
    """

    def __init__(
        self,
        logdir: str,
        suffix: str,
        notice: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logdir, self._suffix = logdir, suffix
        self._notice, self._clock = notice, clock
        self._sink: _Sink | None = None
        self._header = b""
        self._kept: deque[bytes] = deque(maxlen=_MOST_KEPT)
        self._failed_at: float | None = None

    def add(self, event: Any) -> None:
        """Writes an event; sets its time."""
        event.wall_time = time.time()
        self._kept.append(_record(event))
        if self._failed_at is None or self._clock() - self._failed_at >= _RETRY_SECS:
            self._write_kept()

    def flush(self) -> None:
        """Brings everything to disk, what was kept too."""
        if self._kept:
            self._write_kept()
        if self._sink is not None and self._failed_at is None:
            self._carefully(self._sink.flush)

    def close(self) -> None:
        """Flushes and closes."""
        self.flush()
        if self._sink is not None:
            self._carefully(self._sink.close)
            self._sink = None

    def _write_kept(self) -> None:
        def write() -> None:
            if self._sink is None or self._sink.lost:
                self._sink = self._opened()
            self._sink.append(self._header + b"".join(self._kept))
            self._header = b""
            self._kept.clear()

        self._carefully(write)

    def _opened(self) -> _Sink:
        tf.io.gfile.makedirs(self._logdir)
        # Readers take the files in the order of their names: a clock must not turn it round.
        second = max(int(time.time()), _newest_second(self._logdir) + 1)
        name = f"{_PREFIX}{second:010d}.{socket.gethostname()}{self._suffix}"
        path = os.path.join(self._logdir, name)
        sink: _Sink = _LocalFile(path) if is_local(path) else _RemoteFile(path)
        self._header = _record(tf.compat.v1.Event(wall_time=time.time(), file_version=_VERSION))
        return sink

    def _carefully(self, do: Callable[[], None]) -> None:
        try:
            do()
        except _FAILURES as error:
            if self._failed_at is None:
                self._notice(
                    f"Summaries cannot be written to {self._logdir} ({reason_of(error)}): work "
                    "goes on, and they follow when they can."
                )
            self._failed_at = self._clock()
        else:
            if self._failed_at is not None:
                self._failed_at = None
                self._notice(f"Summaries are written to {self._logdir} again.")


class _LocalFile:
    """A file of this machine, without a buffer; closed with its last reference."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self.close = weakref.finalize(self, os.close, self._file)
        self.close.atexit = False  # the writer's own end comes later
        self._good = os.fstat(self._file).st_size

    def append(self, records: bytes) -> None:
        """Writes all of it, or cuts off what came to stand there and raises."""
        rest = memoryview(records)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self._good)
            raise
        self._good += len(records)

    def flush(self) -> None:
        """Brings it to disk."""
        os.fsync(self._file)

    @property
    def lost(self) -> bool:
        """Whether the file has been deleted."""
        return os.fstat(self._file).st_nlink == 0


class _RemoteFile:
    """A file of a store such as `gs://`, which is sent when it is flushed."""

    def __init__(self, path: str) -> None:
        self._file = tf.io.gfile.GFile(path, "wb")
        self.lost = False

    def append(self, records: bytes) -> None:
        """Hands it to the store's client."""
        self._file.write(records)

    def flush(self) -> None:
        """Sends it."""
        self._file.flush()

    def close(self) -> None:
        """Lets go."""
        self._file.close()


def _newest_second(logdir: str) -> int:
    """The time in the name of the newest event file; 0 if there is none."""
    found = (_SECOND.match(name) for name in tf.io.gfile.listdir(logdir))
    return max((int(match[1]) for match in found if match), default=0)


def _record(event: Any) -> bytes:
    buffer = io.BytesIO()
    RecordWriter(buffer).write(event.SerializeToString())
    return buffer.getvalue()
