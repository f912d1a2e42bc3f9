"""A cheap HTTP client: some connections, each with one request under way, for some seconds.

Usage: python -m benchmarks.serving_client PORT PATH BODY_FILE CONNECTIONS SECONDS (prints JSON)
"""

import asyncio
import importlib
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_PATIENCE_SECS = 60.0  # for the answers that are still out when the time is over


class _Load:
    """What all connections share.

    Attributes:
        request: Its bytes.
        until: When no more is asked.
        micros: How long each answer took.
        first: The first answer's body.
        problem: What went wrong; empty if nothing.
    """

    def __init__(self, request: bytes, seconds: float) -> None:
        self.request, self.until = request, time.perf_counter() + seconds
        self.micros: list[float] = []
        self.first = b""
        self.problem = ""


class _Connection(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    def __init__(self, load: _Load, ended: "asyncio.Future[None]") -> None:
        self._load, self._ended = load, ended
        self._got, self._asked = b"", 0.0

    def connection_made(self, transport: Any) -> None:
        """Asks for the first time."""
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Counts an answer that is complete."""
        self._got = got = self._got + data
        head, blank, body = got.partition(b"\r\n\r\n")
        if not blank:
            return
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            self._fail(f"answered {got[:300]!r}")
        elif len(body) >= int(length[1]):
            self._answered(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Says so where an answer was waited for."""
        if not self._ended.done():
            self._fail(f"hung up: {exc}")

    def _ask(self) -> None:
        self._got, self._asked = b"", time.perf_counter()
        self._transport.write(self._load.request)

    def _answered(self, body: bytes) -> None:
        now = time.perf_counter()
        self._load.first = self._load.first or body
        self._load.micros.append(1e6 * (now - self._asked))
        if now < self._load.until:
            self._ask()
        else:
            self._end()

    def _fail(self, problem: str) -> None:
        self._load.problem = problem
        self._end()

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
        self._transport.close()


async def _ask_all(port: int, load: _Load, connections: int) -> None:
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[None]] = []
    for _ in range(connections):
        ended: asyncio.Future[None] = loop.create_future()
        ends.append(ended)
        await loop.create_connection(partial(_Connection, load, ended), "127.0.0.1", port)
    left = max(0.0, load.until - time.perf_counter())
    await asyncio.wait_for(asyncio.gather(*ends), left + _PATIENCE_SECS)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        uvloop: Any = importlib.import_module("uvloop")
    except ModuleNotFoundError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def main() -> None:
    """Asks, and prints how much was answered, in how many seconds, and the first answer."""
    port, path, body_file, connections, seconds = sys.argv[1:]
    body = Path(body_file).read_bytes()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    began = time.perf_counter()
    load = _Load(head.encode() + body, float(seconds))
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_ask_all(int(port), load, int(connections)))
    found = {
        "answered": len(load.micros),
        "secs": time.perf_counter() - began,
        "p50_us": statistics.median(load.micros or [0.0]),
        "first": load.first.decode("utf-8", "replace"),
        "problem": load.problem,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
