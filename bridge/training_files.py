"""The checkpoints of one training: what they hold, and how they get to the disk beside it."""

import logging
import os
from collections.abc import Callable, Mapping

import tensorflow as tf

from kerasrun.bridge.checkpoint_files import bytes_of
from kerasrun.bridge.checkpoint_names import PREFIX, input_path
from kerasrun.bridge.checkpoint_writer import CheckpointWriter, Written
from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.errors import CheckpointWriteError, NanLossDuringTrainingError
from kerasrun.bridge.input_position import InputPosition
from kerasrun.bridge.input_resume import large_position
from kerasrun.bridge.interrupts import Interrupts
from kerasrun.bridge.program import Program

_LOGGER = logging.getLogger("tensorflow")
_SMALL_BYTES = 2**20  # a position of less is not worth a word, however small the model


class TrainingFiles:
    """Saves variables and the input's position; see `kerasrun.bridge.saving.Files`.

    Args:
        program: The model.
        snapshot: Takes its variables, for the checkpoint at a prefix, and names those weights that
            hold a NaN.
        position: Where its input stands.
        checkpoints: The folder.
        model_dir: Its name.
        interrupts: When one has come, a failed write is tried again without a pause.
        saved: Told the prefix and the step of each checkpoint that has become whole.
        notice: Told what a user should know.
    """

    def __init__(
        self,
        program: Program,
        snapshot: Callable[[str], tuple[Mapping[str, tf.Tensor], list[str]]],
        position: InputPosition,
        checkpoints: Checkpoints,
        model_dir: str,
        interrupts: Interrupts,
        saved: Callable[[str, int], None],
        notice: Callable[[str], None],
    ) -> None:
        self._program, self._snapshot, self._position = program, snapshot, position
        self._dir = model_dir
        self._interrupts = interrupts
        self._saved, self._notice = saved, notice
        self._writer = CheckpointWriter(checkpoints, model_dir, self._written)
        self._model_bytes = 0
        self._told_size = False
        self._there = False

    def save(self) -> str:
        """Takes the state as it is, begins to write it, and returns the checkpoint's prefix.

        Raises:
            NanLossDuringTrainingError: A weight is no number: nothing is saved.
            CheckpointWriteError: The checkpoint before could not be written.
        """
        step = int(self._program.global_step)
        if self._there and not tf.io.gfile.isdir(self._dir):
            self._there = False
            self._notice(
                f"The folder {self._dir} was deleted while training: what lay in it is gone. "
                "Training goes on, and saves there anew."
            )
        path = os.path.join(self._dir, f"{PREFIX}-{step}")
        tensors, bad = self._snapshot(path)
        if bad and step > 0:
            error = NanLossDuringTrainingError(step, bad)
            _LOGGER.error("Model diverged: %s", error)
            raise error
        self._model_bytes = sum(t.shape.num_elements() * t.dtype.size for t in tensors.values())
        if self._interrupts.received:
            self._writer.hurry()
        self._writer.save(tensors, step, self._position.tensors())
        return path

    def poll(self) -> None:
        """Tells of what has become whole. Never waits.

        Raises:
            CheckpointWriteError: It could not be written.
        """
        self._writer.poll()

    def wait(self) -> None:
        """Waits until what was begun is whole.

        Raises:
            CheckpointWriteError: It could not be written.
        """
        if self._interrupts.received:
            self._writer.hurry()
        self._writer.wait()

    def close(self) -> None:
        """Ends the writing when training has ended, for whatever reason."""
        try:
            self._writer.hurry()
            self._writer.wait()
        except CheckpointWriteError as error:  # another error is under way
            _LOGGER.error("%s", error)

    def _written(self, written: Written) -> None:
        self._there = True
        self._saved(written.path, written.step)
        if not self._told_size:
            input_bytes = bytes_of(input_path(written.path))
            if input_bytes > max(self._model_bytes, _SMALL_BYTES):
                self._told_size = True
                self._notice(large_position(input_bytes, self._model_bytes))
