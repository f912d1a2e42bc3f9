"""The lock that a worker holds for its life: the only signal of life that is never wrong."""

# It is the Estimator's own kind of lock; that module imports the standard library only.
from kerasrun.bridge.file_lock import (  # noqa: TID253
    FileLock,
    Holder,
    Locked,
    holder_of,
    is_locked,
    locking_pid,
)
from kerasrun.runs.errors import Refused
from kerasrun.runs.layout import RunFiles

__all__ = [
    "FileLock",
    "Holder",
    "Locked",
    "already_running",
    "holder_of",
    "is_locked",
    "locking_pid",
]


def already_running(files: RunFiles, state: str = "running") -> Refused:
    """What to raise where another process has the run's lock: it names that process."""
    who = holder_of(files.lock) or "another process"
    return Refused(f"run {files.folder.name} is {state}: {who} has its lock")
