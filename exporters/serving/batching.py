"""Joins requests that wait for the same model into one call of it.

There is no wait by default: whoever comes while the model works is answered by its next call.
"""

import asyncio
import contextlib
import dataclasses
from collections import deque
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.joined_calls import Answer, answers
from kerasrun.exporters.serving.servable import Call, Servable, Tensors

__all__ = ["Answer", "BatchOptions", "Batcher"]


@dataclasses.dataclass(frozen=True)
class BatchOptions:
    """How requests are joined.

    Attributes:
        enabled: Whether they are.
        max_batch_size: The most rows in one call; a request with more is run alone.
        batch_timeout_micros: How long the first waits for others while the model is idle.
        max_waiting: The most requests that may wait; others are refused.
        workers: How many calls may run at once.
        inline_micros: Calls that took no longer of late are run in the event loop itself, which
            is quicker than to wake a thread; 0 stands for none.
    """

    enabled: bool = True
    max_batch_size: int = 128
    batch_timeout_micros: int = 0
    max_waiting: int = 4096
    workers: int = 1
    inline_micros: int = 500


@dataclasses.dataclass(eq=False, slots=True)
class _Request:
    call: Call
    rows: int
    answer: asyncio.Future[Answer]
    arrived: float


@dataclasses.dataclass(eq=False)
class _Queue:
    """What waits for the same call."""

    servable: Servable
    requests: deque[_Request] = dataclasses.field(default_factory=deque)


class Batcher:
    """Runs requests on models, those that fit each other at once. It belongs to one event loop.

    Requests fit if they ask the same outputs of the same signature of the same version, with rows
    of the same shape; and only if the signature leaves the number of rows open. A request that
    fails takes no other along.

    Args:
        options: How requests are joined.
    """

    def __init__(self, options: BatchOptions | None = None) -> None:
        self.options = options or BatchOptions()
        self._queues: dict[Hashable, _Queue] = {}  # in the order of their turns
        self._waiting = self._busy = 0
        self._scheduled = self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._threads = ThreadPoolExecutor(self.options.workers, thread_name_prefix="serving")

    async def run(
        self,
        servable: Servable,
        signature: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
    ) -> Answer:
        """Returns the outputs of a signature, by name. For the arguments see `Servable.run`.

        Raises:
            ServingError: The request does not fit the signature, the model fails on it, or too
                many wait already.
        """
        call = servable.check(signature, inputs, outputs)
        if self._closed:
            raise _shutting_down()
        if self._waiting >= self.options.max_waiting:
            raise ServingError(
                "UNAVAILABLE",
                "The batch scheduling queue to which this task was submitted is full",
            )
        loop = asyncio.get_running_loop()
        request = _Request(call, call.rows or 0, loop.create_future(), loop.time())
        key = self._key(servable, request)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(servable)
        queue.requests.append(request)
        self._waiting += 1
        self._schedule(loop)
        return await request.answer

    def close(self) -> None:
        """Refuses what still waits, and waits for what runs."""
        self._closed = True
        for queue in self._queues.values():
            for request in queue.requests:
                _give(request, _shutting_down())
        self._queues.clear()
        self._waiting = 0
        if self._timer is not None:
            self._timer.cancel()
        self._threads.shutdown(wait=True)

    def _key(self, servable: Servable, request: _Request) -> Hashable:
        call = request.call
        alone = (
            not self.options.enabled
            or not 0 < request.rows < self.options.max_batch_size
            or call.signature not in servable.batchable
        )
        if alone:
            return request
        rows = tuple([each.shape[1:] for each in call.inputs.values()])
        return servable, call.signature, call.outputs, rows

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._scheduled:  # the other requests of this turn of the loop come along
            self._scheduled = True
            loop.call_soon(self._work, loop)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """Gives what waits to the workers that are idle."""
        self._scheduled = False
        while self._busy < self.options.workers and self._queues:
            key = next((key for key in self._queues if self._wait(key, loop) <= 0), None)
            if key is None:
                self._wake(loop, min(self._wait(key, loop) for key in self._queues))
                return
            queue = self._queues.pop(key)
            batch = self._taken(queue)
            if queue.requests:
                self._queues[key] = queue  # behind the others
            if batch and self._is_quick(queue.servable, batch):
                _give_all(batch, _answers(queue.servable, batch))
                self._schedule(loop)  # after what else the loop has to do
                return
            if batch:
                self._busy += 1
                self._threads.submit(self._run, loop, queue.servable, batch)

    def _is_quick(self, servable: Servable, batch: list[_Request]) -> bool:
        first = batch[0]
        size = first.call.size
        if len(batch) > 1:  # their rows have the same shape
            size = size // first.rows * sum([each.rows for each in batch])
        seconds = servable.seconds(first.call, size)
        return seconds * 1e6 < self.options.inline_micros

    def _wait(self, key: Hashable, loop: asyncio.AbstractEventLoop) -> float:
        """Returns the seconds for which a queue is to wait for more."""
        requests = self._queues[key].requests
        patience = self.options.batch_timeout_micros / 1e6
        if not patience or isinstance(key, _Request):
            return 0.0
        if sum(each.rows for each in requests) >= self.options.max_batch_size:
            return 0.0
        return requests[0].arrived + patience - loop.time()

    def _wake(self, loop: asyncio.AbstractEventLoop, wait: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(wait, self._schedule, loop)

    def _taken(self, queue: _Queue) -> list[_Request]:
        """Takes as many requests as fit into one call, without those whose client is gone."""
        batch: list[_Request] = []
        rows = 0
        while queue.requests:
            request = queue.requests[0]
            if batch and rows + request.rows > self.options.max_batch_size:
                break
            queue.requests.popleft()
            self._waiting -= 1
            if not request.answer.done():
                batch.append(request)
                rows += request.rows
        return batch

    def _run(
        self, loop: asyncio.AbstractEventLoop, servable: Servable, batch: list[_Request]
    ) -> None:
        found = _answers(servable, batch)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(self._finished, loop, batch, found)

    def _finished(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[_Request],
        found: list[Answer | Exception],
    ) -> None:
        self._busy -= 1
        _give_all(batch, found)
        self._work(loop)


def _shutting_down() -> ServingError:
    return ServingError("UNAVAILABLE", "The server is shutting down.")


def _answers(servable: Servable, batch: list[_Request]) -> list[Answer | Exception]:
    return answers(servable, [each.call for each in batch])


def _give_all(batch: list[_Request], found: list[Answer | Exception]) -> None:
    for request, answer in zip(batch, found, strict=True):
        _give(request, answer)


def _give(request: _Request, answer: Answer | Exception) -> None:
    if request.answer.done():  # its client is gone
        return
    if isinstance(answer, Exception):
        request.answer.set_exception(answer)
    else:
        request.answer.set_result(answer)
