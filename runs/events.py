"""Live events from the worker to its supervisor: one JSON object a line, through a pipe.

The names and what comes with them:

    refused    reason                               the run's files cannot be read or written
    started    attempt                              the worker holds the lock
    ready      step, max_steps, seed                training is about to begin
    progress   step, max_steps, metrics, steps_per_sec
    checkpoint path, step
    evaluated  name, step, metrics
    exported   name, path, examples, difference
    failing    log_offset                           what follows there in output.log is a traceback

Events are for the screen only: all that must not be lost stands in the run's files. So a
supervisor that is gone, or that does not read, costs the worker nothing.
"""

import contextlib
import json
import os
from collections.abc import Iterator, MutableMapping
from typing import Any

EVENTS_FD_VARIABLE = "KERASRUN_EVENTS_FD"


class EventWriter:
    """The worker's end.

    Args:
        fd: The pipe's descriptor, or None when nobody listens.
    """

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        if fd is not None:
            os.set_inheritable(fd, False)
            os.set_blocking(fd, False)

    @classmethod
    def from_environ(cls, environ: MutableMapping[str, str] = os.environ) -> "EventWriter":
        """The pipe that the supervisor left in the environment, taken out of it."""
        text = environ.pop(EVENTS_FD_VARIABLE, None)
        return cls(int(text) if text else None)

    def send(self, event: str, **fields: Any) -> None:
        """Sends one event, or drops it when nobody reads."""
        if self._fd is None:
            return
        line = json.dumps({"event": event, **fields}) + "\n"
        try:
            os.write(self._fd, line.encode())
        except BlockingIOError:
            return
        except OSError:  # the supervisor is gone
            self.close()

    def close(self) -> None:
        """Closes the pipe; what is sent afterwards is dropped."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class EventReader:
    """The supervisor's end.

    Attributes:
        fd: The pipe's descriptor.
        ended: Whether the worker has closed its end.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.ended = False
        self._rest = b""
        os.set_blocking(fd, False)

    def read(self) -> Iterator[dict[str, Any]]:
        """The events that have arrived; never waits."""
        self._rest += self._arrived()
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError):  # a line that a full pipe has cut
                yield json.loads(line)

    def _arrived(self) -> bytes:
        chunks: list[bytes] = []
        while not self.ended:
            try:
                chunk = os.read(self.fd, 65536)
            except BlockingIOError:
                break
            self.ended = not chunk
            chunks.append(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        """Closes the pipe."""
        os.close(self.fd)
