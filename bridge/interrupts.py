"""Ctrl-C and SIGTERM while training: heard between two calls of the loop, never within one.

So the state that is saved on the way out belongs to one `global_step`.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_EXIT_CODE_OF_A_SIGNAL = 128
_HEAR_SECS = 0.2


class Interrupts:
    """What has been asked of the process since its handlers were put in place.

    Attributes:
        received: SIGINT or SIGTERM, or None.
    """

    received: signal.Signals | None = None

    def raise_if_any(self) -> None:
        """Does what the signal would have done.

        Raises:
            KeyboardInterrupt: After SIGINT.
            SystemExit: After SIGTERM, with 143.
        """
        if self.received is signal.SIGINT:
            raise KeyboardInterrupt
        if self.received is signal.SIGTERM:
            raise SystemExit(_EXIT_CODE_OF_A_SIGNAL + signal.SIGTERM)

    def sleep(self, secs: float) -> None:
        """Waits; raises soon after what `raise_if_any` raises."""
        self.raise_if_any()
        while secs > 0:
            time.sleep(min(secs, _HEAR_SECS))
            self.raise_if_any()
            secs -= _HEAR_SECS


_heard: Interrupts | None = None
_like_defaults: list[Any] = []


def counts_as_default(handler: Any) -> None:
    """`handler` does no more than Python's own would: it may be replaced while training."""
    if handler not in _like_defaults:
        _like_defaults.append(handler)


def _is_default(handler: Any, default: Any) -> bool:
    return handler == default or handler in _like_defaults


@contextmanager
def deferred() -> Iterator[Interrupts]:
    """Holds back SIGINT and SIGTERM to its end; a second SIGINT goes through at once.

    Within another `deferred`, as in an evaluation amid training, it is the same `Interrupts`.
    Outside the main thread, where Python takes no signals, nothing is held back. A handler that is
    not Python's default is left in place, unless it counts as one: its owner wants to decide.
    """
    global _heard
    if threading.current_thread() is not threading.main_thread():
        yield Interrupts()
    elif _heard is not None:
        yield _heard
    else:
        _heard = heard = Interrupts()
        handlers = _replace_defaults(heard)
        try:
            yield heard
        finally:
            _heard = None
            for number, handler in handlers.items():
                signal.signal(number, handler)
        heard.raise_if_any()  # what nobody has looked for is not lost


def _replace_defaults(heard: Interrupts) -> dict[signal.Signals, Any]:
    """Has the signals noted in `heard`; returns the handlers to put back."""

    def hear(number: int, frame: FrameType | None) -> None:
        if heard.received is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        heard.received = signal.Signals(number)

    defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    return {
        number: signal.signal(number, hear)
        for number, default in defaults.items()
        if _is_default(signal.getsignal(number), default)
    }
