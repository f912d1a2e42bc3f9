"""A run that is at work is copied into a store, again and again, beside the training."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from kerasrun.runs.errors import RunError
from kerasrun.runs.outcome import describe
from kerasrun.runs.push.copies import push_run
from kerasrun.runs.push.store import Store


class Mirror:
    """While entered, copies a run into a store every `every_secs`, and once more at its end.

    A copy that fails is a warning: the run goes on, and what is missing follows with the next.

    Args:
        url: Of the store; None: nothing is copied.
        warn: Told what went wrong, once until a copy succeeds again.
        every_secs: The pause between two copies.

    Raises:
        UsageError: There is no such kind of store.
    """

    def __init__(
        self, url: str | None, warn: Callable[[str], None], *, every_secs: float = 30.0
    ) -> None:
        self._store = Store(url) if url else None
        self._warn = warn
        self._every_secs = every_secs
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing = False

    def __enter__(self) -> "Mirror":
        """Nothing is copied before `follow`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Waits for the last copy."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def follow(self, folder: Path) -> None:
        """From now on the run in `folder` is copied."""
        if self._store is not None:
            self._thread = threading.Thread(
                target=self._copy_on, args=(folder, self._store), name="mirror", daemon=True
            )
            self._thread.start()

    def _copy_on(self, folder: Path, store: Store) -> None:
        while not self._stop.wait(self._every_secs):
            self._copy(folder, store)
        if folder.is_dir():
            self._copy(folder, store)

    def _copy(self, folder: Path, store: Store) -> None:
        try:
            push_run(folder, store)
        except (RunError, OSError) as error:
            if not self._failing:
                self._warn(
                    f"{describe(error)}; the run goes on, and what is missing follows "
                    f"(mlrun push {folder.name[-4:]} --to {store.url} sends it later)"
                )
            self._failing = True
        else:
            self._failing = False
