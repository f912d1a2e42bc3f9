"""A stdout and a stderr that outlast a full disk.

A worker's output goes to a file. A `print` that raises because there is no room for a line would
end a training of days; so here such a line is lost instead.
"""

import contextlib
import errno
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Within it `sys.stdout` and `sys.stderr` drop what the disk does not take.

    They write at once, as under `python -u`: what is not buffered cannot fail later.
    """
    with contextlib.ExitStack() as stack:
        if stdout := _lasting(sys.stdout):
            stack.enter_context(contextlib.redirect_stdout(stdout))
        if stderr := _lasting(sys.stderr):
            stack.enter_context(contextlib.redirect_stderr(stderr))
        yield


class _LastingFile(io.FileIO):
    """Writes to a file descriptor that stays open, as far as there is room."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd, "wb", closefd=False)

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            return memoryview(data).nbytes


def _lasting(stream: Any) -> io.TextIOWrapper | None:
    """The same stream, lasting; None where no file is behind it, as in a notebook."""
    try:
        stream.flush()
        file = _LastingFile(stream.fileno())
    except (OSError, AttributeError, ValueError):
        return None
    return io.TextIOWrapper(
        file,  # unbuffered, as Python's own -u has it
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
        write_through=True,
    )
