"""Event files that stock TensorBoard reads: one scalar a tag at its exact step."""

import itertools
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.event_file import EventFile

_LOGGER = logging.getLogger("tensorflow")
_FILES_OPENED = itertools.count()


class SummaryWriter:
    """Writes scalars into one folder; the event file is made by the first of them.

    Scalars are `simple_value`s, as `tf.estimator` wrote them, so that old readers read them too.

    A folder that cannot be written never raises: what is written follows when it can.

    Args:
        logdir: The folder.
        notice: Told in a sentence when it cannot be written, and when it can be again; None: the
            log is.
    """

    def __init__(self, logdir: str, notice: Callable[[str], None] | None = None) -> None:
        self._logdir = logdir
        self._notice = notice or _LOGGER.warning
        self._file: EventFile | None = None

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
            self._add(step, summary=summary)

    def serialized(self, summary: bytes, step: int) -> None:
        """Writes a serialised `Summary`, its `loss` left out: that is written as the mean."""
        parsed = tf.compat.v1.Summary.FromString(summary)
        kept = [value for value in parsed.value if value.tag != "loss"]
        if kept:
            self._add(step, summary=tf.compat.v1.Summary(value=kept))

    def text(self, tag: str, text: str, step: int) -> None:
        """Writes a string tensor, such as the path of the checkpoint that was evaluated."""
        summary = tf.compat.v1.Summary()
        summary.value.add(tag=tag, tensor=tf.make_tensor_proto(text))
        self._add(step, summary=summary)

    def restart_at(self, step: int) -> None:
        """Says that training goes on from `step`: what a killed run wrote later does not count."""
        log = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        self._add(step, session_log=log)

    def flush(self) -> None:
        """Brings to disk what has been written."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Flushes and closes the file; a later scalar opens a new one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _add(self, step: int, **what: Any) -> None:
        if self._file is None:
            # A name of its own, or a file reopened within a second would be gone on with.
            suffix = f".{os.getpid()}.{next(_FILES_OPENED)}"
            self._file = EventFile(self._logdir, suffix, self._notice)
        self._file.add(tf.compat.v1.Event(step=step, **what))


class NoWriter(SummaryWriter):
    """Writes nothing: for a process that trains along, and whose chief writes."""

    def __init__(self) -> None:
        super().__init__("")

    def _add(self, step: int, **what: Any) -> None:
        """Writes nothing."""
