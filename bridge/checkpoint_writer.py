"""Checkpoints written beside the training: it stands still only while their values are taken."""

import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import tensorflow as tf

from kerasrun.bridge.checkpoint_files import Tensor
from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.eager import eagerly
from kerasrun.bridge.errors import CheckpointWriteError
from kerasrun.bridge.input_position import usable
from kerasrun.bridge.reasons import reason_of

_PAUSES_SECS = (1.0, 3.0, 6.0)  # a full disk is often only full for a moment
_FAILURES = (OSError, tf.errors.OpError)


@functools.cache
def _thread() -> ThreadPoolExecutor:
    """One for the process: each new thread would leave some memory behind in the allocator."""
    return ThreadPoolExecutor(1, "checkpoint")


class Written(NamedTuple):
    """A checkpoint that is whole on disk: its prefix and its step."""

    path: str
    step: int


class CheckpointWriter:
    """Writes one checkpoint at a time, in a thread of its own, and tries again where it fails.

    The values are eager tensors, which no later step can change.

    Args:
        checkpoints: The folder.
        model_dir: Its name, for messages.
        written: Told of each checkpoint, in the thread of the caller of `poll`, `save` or `wait`.
        pauses_secs: How long to wait before each further try, in seconds.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        model_dir: str,
        written: Callable[[Written], None],
        pauses_secs: tuple[float, ...] = _PAUSES_SECS,
    ) -> None:
        self._checkpoints, self._model_dir = checkpoints, model_dir
        self._written = written
        self._pauses_secs = pauses_secs
        self._hurried = threading.Event()
        self._pending: Future[Written] | None = None

    def save(
        self, tensors: Mapping[str, Tensor], step: int, input_tensors: Mapping[str, Tensor]
    ) -> None:
        """Begins to write; waits first for what is being written.

        Arguments as in `Checkpoints.save`.

        Raises:
            CheckpointWriteError: The one before could not be written.
        """
        self.wait()
        self._pending = _thread().submit(self._write, tensors, step, input_tensors)

    def poll(self) -> None:
        """Tells of a checkpoint that has become whole. Never waits.

        Raises:
            CheckpointWriteError: It could not be written.
        """
        if self._pending is not None and self._pending.done():
            self.wait()

    def wait(self) -> None:
        """Waits until what was begun is whole, and tells of it.

        Raises:
            CheckpointWriteError: It could not be written.
        """
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._written(pending.result())

    def hurry(self) -> None:
        """From now on there is no pause between tries: the process is asked to end."""
        self._hurried.set()

    def _write(
        self, tensors: Mapping[str, Tensor], step: int, input_tensors: Mapping[str, Tensor]
    ) -> Written:
        @eagerly  # this is another thread, which a program may have made a builder of graphs
        def once() -> Written:
            return Written(self._checkpoints.save(tensors, step, usable(input_tensors)), step)

        for pause in self._pauses_secs:
            try:
                return once()
            except _FAILURES:
                self._hurried.wait(pause)
        try:
            return once()
        except _FAILURES as error:
            tries = len(self._pauses_secs) + 1
            last = self._checkpoints.latest()
            raise CheckpointWriteError(
                step, self._model_dir, reason_of(error), tries, last
            ) from error
