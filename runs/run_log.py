"""The output of a run, read from another process: whole, its last lines, or as it comes."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kerasrun.runs.at_work import is_at_work
from kerasrun.runs.errors import RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.outcome import describe

_BLOCK_BYTES = 2**16
_PAUSE_SECS = 0.2


class RunLog:
    """Reads a log, byte for byte.

    A file that is replaced is read to its end, and then the new one from its beginning; one that is
    cut off is read from its beginning again.

    Args:
        files: The run's.
        path: The log; `output.log` when None.

    Attributes:
        found: Whether there has been such a file.
    """

    def __init__(self, files: RunFiles, path: Path | None = None) -> None:
        self._files = files
        self._path = path or files.output_log
        self._file: BinaryIO | None = None
        self.found = False

    def chunks(self, *, lines: int | None = None, follow: bool = False) -> Iterator[bytes]:
        """The output in pieces, which end anywhere.

        Args:
            lines: Only so many of the last lines that are there now; None: all.
            follow: Whether to wait for more until the run has ended.

        Raises:
            RunError: The file cannot be read.
        """
        try:
            self.skip(lines)
            while True:
                # Asked before reading: what a run says last is there once it has ended.
                last = not follow or not self.at_work()
                yield from self.new()
                if last:
                    return
                time.sleep(_PAUSE_SECS)
        finally:
            self.close()

    def skip(self, lines: int | None) -> None:
        """Leaves out all that is there now but so many of the last lines; None: nothing.

        Raises:
            RunError: The file cannot be read.
        """
        with self._readable():
            self._open()
            if lines is not None and self._file is not None:
                self._file.seek(start_of_last_lines(self._file, lines))

    @property
    def _name(self) -> str:
        return self._files.folder.name

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunError(
                f"the output of run {self._name} cannot be read: {describe(error)}"
            ) from (error)

    def at_work(self) -> bool:
        """Whether the run may print more."""
        try:
            return is_at_work(self._files.folder)
        except FileNotFoundError:  # removed meanwhile
            return False

    def new(self) -> Iterator[bytes]:
        """What has come since the last time.

        Raises:
            RunError: The file cannot be read.
        """
        with self._readable():
            while self._file is not None or self._open():
                assert self._file is not None
                while block := self._file.read(_BLOCK_BYTES):
                    yield block
                if not self._goes_on_elsewhere(self._file):
                    return

    def _goes_on_elsewhere(self, file: BinaryIO) -> bool:
        """Whether another file has its name now, or it was cut off: then it is read anew."""
        ours = os.fstat(file.fileno())
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        if os.path.samestat(ours, named):
            if named.st_size < file.tell():
                file.seek(0)
                return named.st_size > 0
            return False
        self.close()
        return True

    def _open(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            self._file = self._path.open("rb", buffering=0)
            self.found = True
        return self._file is not None

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def start_of_last_lines(file: BinaryIO, lines: int) -> int:
    """The offset where the last `lines` lines of a file begin; a line without an end is one too."""
    at = file.seek(0, os.SEEK_END)
    if lines == 0 or at == 0:
        return at
    file.seek(at - 1)
    wanted = lines + (file.read(1) == b"\n")  # the newline that ends the last line is none between
    while at > 0:
        begin = max(0, at - _BLOCK_BYTES)
        file.seek(begin)
        block = file.read(at - begin)
        ends = block.count(b"\n")
        if ends >= wanted:
            return begin + _after_nth_last(block, wanted)
        wanted -= ends
        at = begin
    return 0


def _after_nth_last(block: bytes, number: int) -> int:
    at = len(block)
    for _ in range(number):
        at = block.rindex(b"\n", 0, at)
    return at + 1
