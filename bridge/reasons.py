"""What the system or TensorFlow says of a failure, in a few words for a sentence of ours."""

import errno
import os
import re

_DISK = [
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
    *(errno.EROFS, errno.EACCES, errno.EPERM),
]
_WHERE = re.compile(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:\w+\]|name: ?$")
_MOST_CHARACTERS = 160


def reason_of(error: BaseException) -> str:
    """`No space left on device`, without the place in a graph where TensorFlow met it.

    >>> import errno
    >>> reason_of(OSError(errno.ENOSPC, "No space left on device", "model.ckpt"))
    'No space left on device'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = _WHERE.sub("", str(getattr(error, "message", None) or error))
    words = " ".join(text.split()).rpartition("; ")[2]
    return words[:_MOST_CHARACTERS].removesuffix(".") or type(error).__name__


def is_of_the_disk(error: BaseException) -> bool:
    """Whether a disk that is full, read-only or broken is the reason, and not what was written."""
    return any(os.strerror(number) in str(error) for number in _DISK)
