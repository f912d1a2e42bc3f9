"""What TensorFlow raises when another process is gone, said plainly."""

import contextlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import tensorflow as tf

from kerasrun.bridge.distribute.rendezvous import is_there
from kerasrun.bridge.errors import WorkerLostError

if TYPE_CHECKING:
    from kerasrun.bridge.distribute.cluster import Member

_OF_THE_NETWORK = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)
_OF_COLLECTIVES = re.compile(r"collective|coordination|heartbeat|/job:worker", re.IGNORECASE)
_TASK = re.compile(r"/job:(\w+)/(?:replica:0/)?task:(\d+)")
_HANGS = "stopped sending heartbeats"
_WHY = re.compile(r"aborted by: ([^\n]*)")
_LOOK_SECS = 0.3  # a process that was killed has closed its ports by then


@contextmanager
def translated(member: "Member | None") -> Iterator[None]:
    """Within it the loss of another process is raised as a `WorkerLostError`.

    Args:
        member: This process's place in the cluster; None: there is none, and nothing is changed.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if member is None or not _is_of_the_cluster(error):
            raise
        raise WorkerLostError(_why(error), _lost(member, error)) from error


def _why(error: tf.errors.OpError) -> str:
    if _HANGS in str(error):
        return f"it {_HANGS}"
    found = _WHY.search(str(error))
    return found[1] if found else type(error).__name__


def _is_of_the_cluster(error: tf.errors.OpError) -> bool:
    if isinstance(error, _OF_THE_NETWORK):
        return True
    return isinstance(error, tf.errors.InternalError) and bool(_OF_COLLECTIVES.search(str(error)))


def _lost(member: "Member", error: tf.errors.OpError) -> list[str]:
    """Those that do not listen any more; else those that TensorFlow names."""
    time.sleep(_LOOK_SECS)
    others = {n: a for i, (n, a) in enumerate(member.addresses.items()) if i != member.rank}
    gone = [name for name, address in others.items() if not _listens(address)]
    named = {member.name_of(job, int(index)) for job, index in _TASK.findall(str(error))}
    found = gone or sorted(name for name in named if name in others)
    if not found and member.rank and isinstance(error, tf.errors.DeadlineExceededError):
        return member.names[:1]  # it is the first that hears the others' heartbeats
    return found


def _listens(address: str) -> bool:
    with contextlib.suppress(ValueError):
        return is_there(address)
    return False
