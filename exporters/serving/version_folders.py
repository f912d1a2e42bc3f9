"""The numbered folders of a model, local or in a store that TensorFlow reads."""

import os
import re
from collections.abc import Iterator

_NUMBER = re.compile(r"[0-9]+")
_LARGEST = 2**63 - 1


def version_folders(base_path: str) -> dict[int, str] | None:
    """Returns `{version: its folder}`; None if the base cannot be read.

    Of `7` and `0007` it is the first in the order of their names.
    """
    import tensorflow as tf

    try:
        found: dict[int, str] = {}
        for name in _names(base_path):
            path = os.path.join(base_path, name)
            if _NUMBER.fullmatch(name) and int(name) <= _LARGEST and tf.io.gfile.isdir(path):
                found.setdefault(int(name), path)
    except (OSError, tf.errors.OpError):
        return None
    return found


def fingerprint(path: str) -> object:
    """Returns what is another value once something in a folder changed."""
    import tensorflow as tf

    try:
        return tuple(sorted(_files(path)))
    except (OSError, tf.errors.OpError):  # it is being written or removed
        return None


def _names(folder: str) -> list[str]:
    import tensorflow as tf

    if _is_local(folder):
        return sorted(os.listdir(folder))
    return sorted(each.rstrip("/") for each in tf.io.gfile.listdir(folder))


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    """Yields path, size and time of all files; of a local folder, not behind links in it."""
    import tensorflow as tf

    if _is_local(folder):
        for parent, _, names in os.walk(folder):
            for name in names:
                about = os.stat(os.path.join(parent, name))
                yield os.path.join(parent, name), about.st_size, about.st_mtime_ns
        return
    for parent, _, names in tf.io.gfile.walk(folder):
        for name in names:
            stored = tf.io.gfile.stat(os.path.join(parent, name))
            yield os.path.join(parent, name), stored.length, stored.mtime_nsec


def _is_local(path: str) -> bool:
    return "://" not in path
