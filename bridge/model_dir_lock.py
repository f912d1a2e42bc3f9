"""One training at a time in a `model_dir`."""

import errno
import logging
import os
from types import TracebackType
from typing import Self

from kerasrun.bridge.errors import ModelDirInUseError
from kerasrun.bridge.file_lock import FileLock, Locked
from kerasrun.exporters.durable import is_local

_LOGGER = logging.getLogger("tensorflow")
_FILE = "training.lock"
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class ModelDirLock:
    """Held while an Estimator trains; within it the same Estimator may take it again.

    Stores such as `gs://` have no locks: nothing is held there.

    Args:
        model_dir: The folder; made if absent.
    """

    def __init__(self, model_dir: str) -> None:
        self._dir = model_dir
        self._depth = 0
        self._lock: FileLock | None = None

    def __enter__(self) -> Self:
        """Takes the lock.

        Raises:
            ModelDirInUseError: Another training holds it: the message names its process.
            OSError: The folder cannot be made or written.
        """
        if self._depth == 0 and is_local(self._dir):
            os.makedirs(self._dir, exist_ok=True)
            self._lock = self._taken()
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Lets go."""
        self._depth -= 1
        if self._depth == 0 and self._lock is not None:
            self._lock.release()
            self._lock = None

    def _taken(self) -> FileLock | None:
        path = os.path.join(self._dir, _FILE)
        try:
            return FileLock(path)
        except Locked as error:
            raise ModelDirInUseError(
                f"Another training is at work in this model_dir: {error}. Wait for its end, or "
                "use a model_dir of your own."
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            _LOGGER.warning("%s cannot be locked: take care that one process trains there.", path)
            return None
