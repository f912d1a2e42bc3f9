"""What training itself can raise.

RuntimeError
├── NanLossDuringTrainingError     the loss is no number any more
├── CheckpointWriteError           a checkpoint cannot be written
├── CheckpointDamagedError         there are checkpoints, and none can be read
├── ModelDirInUseError             another training is at work in this model_dir
└── WorkerLostError                another process of the cluster is gone, or has not come
"""

import os
from collections.abc import Mapping, Sequence

import tensorflow as tf


class NanLossDuringTrainingError(tf.compat.v1.train.NanLossDuringTrainingError):
    """The training loss is NaN or infinite; see `tf.estimator.NanLossDuringTrainingError`.

    The checkpoints saved before are as they were.

    Attributes:
        step: The `global_step` of the update whose loss was no number.
        variables: The weights that are none, where the loss still was.
    """

    def __init__(self, step: int, variables: Sequence[str] = ()) -> None:
        super().__init__()
        self.step = step
        self.variables = tuple(variables)

    def __str__(self) -> str:
        shown = ", ".join(self.variables[:3]) + (", …" if len(self.variables) > 3 else "")
        what = (
            f"Weights are NaN after step {self.step} ({shown})"
            if shown
            else (f"The loss is NaN or infinite at step {self.step}")
        )
        return (
            f"{what}. Nothing of it has been saved. "
            "A lower learning rate or clipnorm often helps; look for NaN in the data, too."
        )


class CheckpointWriteError(RuntimeError):
    """A checkpoint could not be written, though it was tried several times.

    Attributes:
        step: The `global_step` that it was to hold.
    """

    def __init__(self, step: int, model_dir: str, why: str, tries: int, last: str | None) -> None:
        kept = f"{os.path.basename(last)} is the newest one there" if last else "there is none yet"
        super().__init__(
            f"The checkpoint of step {step} could not be written to {model_dir}: {why} (tried "
            f"{tries} times). Training has ended; {kept}. Make room, or mend the folder, and start "
            "again: it goes on from there."
        )
        self.step = step


class CheckpointDamagedError(RuntimeError):
    """No checkpoint of the folder can be read.

    Training does not begin anew by itself: that would overwrite what may still be saved.
    """

    def __init__(self, model_dir: str, damaged: Mapping[str, str]) -> None:
        told = "; ".join(f"{os.path.basename(path)} ({why})" for path, why in damaged.items())
        super().__init__(
            f"No checkpoint in {model_dir} can be read: {told}. Put back a copy, or begin anew in "
            "another model_dir."
        )


class ModelDirInUseError(RuntimeError):
    """Another training is at work in this `model_dir`."""


class WorkerLostError(RuntimeError):
    """Another process that trains the same model is gone, hangs, or has not come.

    None of them can go on alone: all are to be started again, and go on from the newest checkpoint.

    Attributes:
        workers: The names of those that are known to be lost.
    """

    def __init__(self, why: str, workers: Sequence[str] = ()) -> None:
        named = ", ".join(workers) or "another worker"
        told = why if workers and why.startswith("did not come") else f"is gone: {named} ({why})"
        super().__init__(
            f"A process of the cluster {told}. Start all of them again: training goes on from the "
            "newest checkpoint."
        )
        self.workers = tuple(workers)
