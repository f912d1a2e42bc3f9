"""Ctrl-C and SIGTERM while training: heard between two calls of the loop, never within one.

So the state that is saved on the way out belongs to one `global_step`.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_EXIT_CODE_OF_A_SIGNAL = 128


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


@contextmanager
def deferred() -> Iterator[Interrupts]:
    """Holds back SIGINT and SIGTERM; a second SIGINT goes through at once.

    Outside the main thread, where Python takes no signals, nothing is held back. A handler that is
    not Python's default is left in place: its owner wants to decide.
    """
    heard = Interrupts()

    def hear(number: int, frame: FrameType | None) -> None:
        if heard.received is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        heard.received = signal.Signals(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        for number, default in defaults.items():
            if signal.getsignal(number) is default or signal.getsignal(number) == default:
                before[number] = signal.signal(number, hear)
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
