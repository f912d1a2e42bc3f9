"""Stock TensorBoard, as a process of ours."""

import contextlib
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from kerasrun.runs.errors import RunError

_AT = re.compile(r"TensorBoard \S+ at https?://.*?:(\d+)/")
_LAST_LINES = 5


class TensorBoard:
    """A TensorBoard process.

    Args:
        logdir: What it shows.
        host: The interface that it listens on.
        port: Its port; 0 for any free one; None for 6006 or the next free one.
    """

    def __init__(self, logdir: Path, *, host: str = "127.0.0.1", port: int | None = None) -> None:
        command = [sys.executable, "-P", "-m", "tensorboard.main", "--logdir", str(logdir)]
        command += ["--host", host] + ([] if port is None else ["--port", str(port)])
        self._host = host
        self._lines: list[str] = []
        self._port: int | None = None
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        assert self._process.stderr is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stderr,), daemon=True
        )
        self._reader.start()

    def url(self, *, timeout_secs: float = 120.0) -> str:
        """Where it answers; returns once it really does.

        Raises:
            RunError: It ended, or did not answer in time.
        """
        deadline = time.monotonic() + timeout_secs
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._reader.join()
                raise RunError(f"TensorBoard ended: {self._last_line()}", detail=self._output())
            if self._port is not None and _answers(address := self._address(self._port)):
                return address
            time.sleep(0.1)
        self.stop()
        raise RunError(
            f"TensorBoard did not answer within {timeout_secs:.0f} s", detail=self._output()
        )

    def wait(self, meanwhile: Callable[[], None], every_secs: float = 10.0) -> int:
        """Waits for its end, and calls `meanwhile` again and again; returns its exit code."""
        while True:
            try:
                return self._process.wait(every_secs)
            except subprocess.TimeoutExpired:
                meanwhile()

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._lines.append(line.rstrip("\n"))
                if found := _AT.search(line):
                    self._port = int(found[1])

    def _address(self, port: int) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)
        return f"http://{host}:{port}/"

    def _last_line(self) -> str:
        said = [line for line in self._lines if line.strip()]
        return said[-1] if said else f"exit code {self._process.returncode}"

    def _output(self) -> str:
        return "\n".join(self._lines)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:
        return bool(reply.status == 200)
    return False
