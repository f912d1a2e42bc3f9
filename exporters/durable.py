"""Files that are whole or absent: flushed to disk, then renamed.

A path with a scheme (`gs://...`) is a store's own business: it has nothing to flush.
"""

import os

import tensorflow as tf


def is_local(path: str) -> bool:
    """Whether `path` lies on a file system of this machine."""
    return "://" not in path


def flush_to_disk(path: str) -> None:
    """Has one file or folder written through to the disk; does nothing for a remote path."""
    if not is_local(path):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree_to_disk(folder: str) -> None:
    """Has a folder, with all that lies in it, written through to the disk."""
    if not is_local(folder):
        return
    for parent, _, files in os.walk(folder):
        for name in files:
            flush_to_disk(os.path.join(parent, name))
        flush_to_disk(parent)


def write_whole(path: str, text: str) -> None:
    """Writes a small text file so that a reader sees the old content or the new, never a part.

    Raises:
        tf.errors.OpError: It could not be written; the old content is as it was.
    """
    folder = os.path.dirname(path) or "."
    tf.io.gfile.makedirs(folder)
    aside = f"{path}.tmp"  # a file has one writer: what a killed one left is overwritten
    try:
        with tf.io.gfile.GFile(aside, "w") as file:
            file.write(text)
        flush_to_disk(aside)
        tf.io.gfile.rename(aside, path, overwrite=True)
    except BaseException:
        remove_quietly(aside)
        raise
    flush_to_disk(folder)


def remove_quietly(path: str) -> None:
    """Removes a file if it is there and can be removed."""
    try:
        tf.io.gfile.remove(path)
    except tf.errors.OpError:
        return
