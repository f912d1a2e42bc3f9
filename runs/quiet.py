"""This process's stderr without what TensorFlow's runtime says at its start."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kerasrun.runs.output import is_noise

_STDERR = 2
_LAST_WORDS_SECS = 5.0


@contextmanager
def without_noise() -> Iterator[None]:
    """Within it stderr passes on whole lines only, and drops TensorFlow's noise.

    The runtime is written in C++, so the file descriptor itself leads through a pipe.
    """
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    ours, theirs = os.pipe()
    os.dup2(theirs, _STDERR)
    os.close(theirs)
    passing = threading.Thread(target=_pass_on, args=(ours, kept), daemon=True)
    passing.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, _STDERR)  # the pipe's last writing end, unless a child process has one
        passing.join(_LAST_WORDS_SECS)


def _pass_on(source: int, target: int) -> None:
    with os.fdopen(source, "rb") as lines, os.fdopen(target, "wb", buffering=0) as out:
        dropped = False
        for line in lines:
            # What failed in a graph is told in two lines.
            second = dropped and line.startswith(b"\t [[{{")
            dropped = second or is_noise(line.decode(errors="replace"))
            if not dropped:
                out.write(line)
