"""Files that are whole or absent: written aside, flushed to disk, renamed."""

import os

import tensorflow as tf


def is_local(path: str) -> bool:
    """Whether the operating system holds this path, rather than a remote file system."""
    return "://" not in path


def sync(path: str) -> None:
    """Waits until a file or folder has reached the disk; does nothing for remote paths."""
    if not is_local(path):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: str, text: str) -> None:
    """Writes a text file whole, in place of the one before.

    Raises:
        tf.errors.OpError: It could not be written; the one before is as it was.
    """
    aside = f"{path}.tmp-{os.getpid()}"
    try:
        with tf.io.gfile.GFile(aside, "w") as file:
            file.write(text)
        sync(aside)
        tf.io.gfile.rename(aside, path, overwrite=True)
    except BaseException:
        remove_quietly(aside)
        raise
    sync(os.path.dirname(path) or ".")


def remove_quietly(path: str) -> None:
    """Removes a file if it is there and can be removed."""
    try:
        tf.io.gfile.remove(path)
    except tf.errors.OpError:
        return
