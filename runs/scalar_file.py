"""An event file of scalars that TensorBoard reads, written without TensorFlow.

The Estimator has its own (`kerasrun.bridge.event_file`), which can write to every store that
TensorFlow knows; this one is for a folder of this machine.
"""

import contextlib
import io
import itertools
import math
import os
import socket
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

_MOST_KEPT = 10_000
_RETRY_SECS = 5.0
_files_opened = itertools.count()


class ScalarFile:
    """Appends points to a new event file in `folder`; the first of them makes it.

    Each call is one write to the system, so a killed process leaves at most a half-written last
    record, which readers pass over. What a full disk does not take is kept, and follows later.

    Args:
        folder: Made if absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None
        self._good = 0
        self._kept: deque[bytes] = deque(maxlen=_MOST_KEPT)
        self._failed_at = -math.inf

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Writes a point of each tag.

        Raises:
            OSError: The disk is full, or the folder is gone; the points are kept.
        """
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        points = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        event = Event(wall_time=time.time(), step=step, summary=Summary(value=points))
        self._kept.append(_record(event.SerializeToString()))
        if time.monotonic() - self._failed_at >= _RETRY_SECS:
            self._write_kept()

    def close(self) -> None:
        """Writes what was kept, as far as that goes, and closes the file."""
        if self._kept:
            with contextlib.suppress(OSError):
                self._write_kept()
        self._let_go()

    def _write_kept(self) -> None:
        try:
            header = b""
            if self._file is None or os.fstat(self._file).st_nlink == 0:
                self._let_go()
                self._file, self._good, header = self._opened(), 0, _header()
            self._write(header + b"".join(self._kept))
        except OSError:
            self._failed_at = time.monotonic()
            if self._good == 0:
                self._let_go()  # not even the header stands there
            raise
        self._kept.clear()

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, record: bytes) -> None:
        assert self._file is not None
        rest = memoryview(record)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self._good)  # what follows a broken record is not read
            raise
        self._good += len(record)

    def _opened(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        own = f"{socket.gethostname()}.{os.getpid()}.{next(_files_opened)}"
        path = self._folder / f"events.out.tfevents.{int(time.time()):010d}.{own}"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def _header() -> bytes:
    from tensorboard.compat.proto.event_pb2 import Event

    event = Event(wall_time=time.time(), file_version="brain.Event:2")
    return _record(event.SerializeToString())


def _record(data: bytes) -> bytes:
    """In TensorBoard's own framing."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    buffer = io.BytesIO()
    RecordWriter(buffer).write(data)
    return buffer.getvalue()
