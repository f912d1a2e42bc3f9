"""Whether what is traced now will be compiled by XLA, which knows fewer operations."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_for_xla: ContextVar[bool] = ContextVar("_for_xla", default=False)


@contextmanager
def for_xla() -> Iterator[None]:
    """What is traced within is for XLA."""
    before = _for_xla.set(True)
    try:
        yield
    finally:
        _for_xla.reset(before)


def is_for_xla() -> bool:
    """Whether this is within `for_xla`."""
    return _for_xla.get()
