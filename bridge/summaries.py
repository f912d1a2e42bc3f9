"""Event files that stock TensorBoard reads: one scalar a tag at its exact step."""

import itertools
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

_FILES_OPENED = itertools.count()


class SummaryWriter:
    """Writes scalars into one folder; the event file is made by the first of them.

    Scalars are `simple_value`s, as `tf.estimator` wrote them, so that old readers read them too.

    Args:
        logdir: The folder.
    """

    def __init__(self, logdir: str) -> None:
        self._logdir = logdir
        self._writer: Any = None

    def scalars(self, values: Mapping[str, Any], step: int) -> None:
        """Writes every value that is a scalar number; others are left out.

        Args:
            values: By tag.
            step: The `global_step` they belong to.
        """
        summary = tf.compat.v1.Summary()
        for tag, value in values.items():
            array = np.asarray(value)
            if array.ndim == 0 and array.dtype.kind in "fiub":
                summary.value.add(tag=tag, simple_value=float(array))
        if summary.value:
            self._opened().add_summary(summary, step)

    def text(self, tag: str, text: str, step: int) -> None:
        """Writes a string tensor, such as the path of the checkpoint that was evaluated."""
        summary = tf.compat.v1.Summary()
        summary.value.add(tag=tag, tensor=tf.make_tensor_proto(text))
        self._opened().add_summary(summary, step)

    def restart_at(self, step: int) -> None:
        """Says that training goes on from `step`: what a killed run wrote later does not count."""
        log = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        self._opened().add_session_log(log, step)

    def flush(self) -> None:
        """Brings to disk what has been written."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Flushes and closes the file; a later scalar opens a new one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _opened(self) -> Any:
        if self._writer is None:
            # A name of its own, or a file reopened within a second would be overwritten.
            suffix = f".{os.getpid()}.{next(_FILES_OPENED)}"
            with tf.Graph().as_default():  # v1's writer refuses to be made eagerly
                self._writer = tf.compat.v1.summary.FileWriter(self._logdir, filename_suffix=suffix)
        return self._writer
