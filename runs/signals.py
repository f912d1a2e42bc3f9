"""SIGINT and SIGTERM: the supervisor passes them on, the worker hears them."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any


class SignalRelay:
    """While entered, SIGINT and SIGTERM go to the attached process instead of ending this one.

    The worker saves a checkpoint at the first; the second SIGINT kills it. A SIGINT that was
    ignored when we were started (a job in the background) stays ignored. In a thread other than
    the main one nothing is passed on.

    Args:
        notice: Told what is being done.
    """

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[int, Any] = {}
        self._waiting: list[int] = []
        self.passed_on: set[int] = set()

    def __enter__(self) -> "SignalRelay":
        """Takes over the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Gives the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def received(self) -> signal.Signals | None:
        """The first signal that came while there was no process to pass it on to."""
        return signal.Signals(self._waiting[0]) if self._waiting else None

    def attach(self, process: subprocess.Popen[bytes]) -> None:
        """From now on signals go to `process`; those that came before it was there, at once."""
        self._process = process
        waiting, self._waiting = self._waiting, []
        for number in waiting:
            self._pass_on(number)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._process is None:
            self._waiting.append(number)
        else:
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        if number == signal.SIGINT and number in self.passed_on:
            self._notice("killing it: the second interrupt")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            return
        if number == signal.SIGINT:
            self._notice("interrupted: it saves a checkpoint and ends (again to kill it)")
        self.passed_on.add(number)
        self._process.send_signal(number)


@contextmanager
def handlers(wanted: Mapping[int, Any]) -> Iterator[None]:
    """Inside it these handlers hold; outside the main thread, where none can be set, nothing does.

    Args:
        wanted: By signal number, what `signal.signal` takes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_on_signal(number: int, frame: FrameType | None) -> None:
    """A handler that ends the program in order, with 128 + the signal's number.

    Raises:
        SystemExit: Always.
    """
    raise SystemExit(128 + number)
