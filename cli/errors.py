"""Our exceptions become one line on stderr and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kerasrun.runs.errors import RunError

INTERRUPTED = 130


@contextmanager
def readable_errors(*, traceback: bool = False) -> Iterator[None]:
    """Inside it, a RunError ends the command with its exit code and one line.

    Args:
        traceback: Whether its detail, a traceback mostly, is printed before the line.
    """
    try:
        yield
    except RunError as error:
        if traceback and error.detail:
            print(error.detail.rstrip("\n"), file=sys.stderr)
        complain(str(error))
        sys.exit(error.exit_code)


@contextmanager
def interruptible(text: str) -> Iterator[None]:
    """Inside it, Ctrl-C ends the command with `text` on stderr and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stdout.flush()
        print(f"interrupted: {text}", file=sys.stderr, flush=True)
        sys.exit(INTERRUPTED)


def complain(message: str) -> None:
    """`error: message` on stderr."""
    sys.stdout.flush()
    print(f"error: {message}", file=sys.stderr, flush=True)


def warn(message: str) -> None:
    """`warning: message` on stderr."""
    sys.stdout.flush()
    print(f"warning: {message}", file=sys.stderr, flush=True)


def warn_of(error: RunError) -> None:
    """The same of an error that ends nothing."""
    warn(str(error))
