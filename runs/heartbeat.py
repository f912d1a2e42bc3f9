"""The heartbeat: a file whose modification time says when the worker was last alive."""

import contextlib
import threading
from pathlib import Path
from types import TracebackType


class Heartbeat:
    """Touches `path` at once and every `every_secs`, from a thread of its own, until closed.

    Readers on other machines, where a lock may not be seen, go by it.
    """

    def __init__(self, path: Path, *, every_secs: float = 15.0) -> None:
        self._path = path
        self._every_secs = every_secs
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        """Starts beating."""
        self._touch()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops."""
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._every_secs):
            self._touch()

    def _touch(self) -> None:
        with contextlib.suppress(OSError):  # a full disk never stops the training
            self._path.touch()
