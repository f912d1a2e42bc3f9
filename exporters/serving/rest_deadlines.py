"""Ends requests that take too long, with one timer for all of them.

    with deadlines.begin():
        ...  # TimeoutError, once it is late

A timer for each would cost a quick request a tenth of its time. As all may take equally long, the
one that began first is the first to be late.
"""

import asyncio
from types import TracebackType
from typing import Self

__all__ = ["Deadlines"]


class Deadlines:
    """What is under way, and when it is late.

    Args:
        secs: How long it may take; 0 for ever.
    """

    def __init__(self, secs: float) -> None:
        self._secs = secs
        self._under_way: dict[_Deadline, None] = {}  # in the order in which they are late
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> "_Deadline":
        """Returns a context for the task that calls; within it, being late is a `TimeoutError`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the timer of a loop that has ended never comes
            self._loop, self._timer = loop, None
            self._under_way.clear()
        deadline = _Deadline(self._under_way, loop.time() + self._secs)
        if self._secs:
            self._under_way[deadline] = None
            if self._timer is None:
                self._timer = loop.call_at(deadline.at, self._look, loop)
        return deadline

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends what is late, and looks again when the next will be."""
        self._timer = None
        now = loop.time()
        for deadline in list(self._under_way):
            if deadline.at > now:
                self._timer = loop.call_at(deadline.at, self._look, loop)
                return
            deadline.end()


class _Deadline:
    """Of one request: as `asyncio.timeout`, without a timer of its own."""

    __slots__ = ("_cancelling", "_late", "_task", "_under_way", "at")

    def __init__(self, under_way: "dict[_Deadline, None]", at: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "only a task can be ended"
        self.at = at
        self._under_way, self._task, self._late = under_way, task, False
        self._cancelling = task.cancelling()

    def end(self) -> None:
        """It is late."""
        self._under_way.pop(self, None)
        self._late = True
        self._task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._under_way.pop(self, None)
        if not self._late:
            return
        # Who else has cancelled the task meanwhile is to have their will.
        ours = self._task.uncancel() <= self._cancelling
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
