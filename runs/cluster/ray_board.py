"""What the processes of a training on Ray tell each other and the command: an actor's state.

It imports no Ray; who makes an actor of it does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kerasrun.runs.cluster.faults import Fault

LOST = "a worker of Ray's, or its node, was lost"


@dataclass(frozen=True)
class Report:
    """How a peer ended.

    Attributes:
        fault: How it failed; None if it has not.
        traceback: What it printed about that.
    """

    fault: Fault | None
    traceback: str = ""


@dataclass(frozen=True)
class View:
    """What one process is to know.

    Attributes:
        reports: Of the peers that have ended, by number.
        order: The signal that this process is to be sent; None: none.
        signals: Those that the command was sent, in their order.
        over: Whether the process that leads has ended.
    """

    reports: dict[int, Report] = field(default_factory=dict)
    order: int | None = None
    signals: tuple[int, ...] = ()
    over: bool = False


class Board:
    """Where all is written up; of the peers only what the newest group of processes says.

    Args:
        monotonic: A clock in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._heard = monotonic()
        self._told: list[tuple[str, Any]] = []
        self._signals: list[int] = []
        self._groups: list[str] = []
        self._reports: dict[tuple[str, int], Report] = {}
        self._orders: dict[tuple[str, int], int] = {}
        self._over: set[str] = set()

    def begin(self, group: str) -> tuple[int, bool]:
        """The process that leads a new group is there.

        Returns:
            How many groups there were before, and whether the last of them has told its end.
        """
        self._heard = self._monotonic()
        told = not self._groups or self._groups[-1] in self._over
        self._groups.append(group)
        return len(self._groups) - 1, told

    def look(self, group: str, number: int) -> View:
        """What the process with this number, 0 for the one that leads, is to know."""
        if number == 0:
            self._heard = self._monotonic()
        reports = {peer: said for (of, peer), said in self._reports.items() if of == group}
        order = self._orders.get((group, number))
        return View(reports, order, tuple(self._signals), group in self._over)

    def report(self, group: str, number: int, said: Report) -> None:
        """A peer has ended."""
        self._reports[group, number] = said

    def order(self, group: str, number: int, signal: int) -> None:
        """The process that leads wants a peer to be sent a signal."""
        self._orders[group, number] = signal

    def end(self, group: str) -> None:
        """The process that leads has ended."""
        self._over.add(group)

    def tell(self, kind: str, what: Any) -> None:
        """Something is to be told to the command: `event`, `output`, `notice`, `ended`, `error`."""
        self._told.append((kind, what))

    def signal(self, number: int) -> None:
        """The command was sent a signal, which is for the process that leads."""
        self._signals.append(number)

    def news(self) -> tuple[list[tuple[str, Any]], bool, float]:
        """For the command.

        Returns:
            What was told since the last time; whether a process that leads is at work, as far as is
            known; and for how many seconds none was heard.
        """
        told, self._told = self._told, []
        working = bool(self._groups) and self._groups[-1] not in self._over
        return told, working, self._monotonic() - self._heard
