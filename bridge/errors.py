"""What training itself can raise.

RuntimeError
  NanLossDuringTrainingError     the loss is no number any more
"""

import tensorflow as tf


class NanLossDuringTrainingError(tf.compat.v1.train.NanLossDuringTrainingError):
    """The training loss is NaN or infinite; see `tf.estimator.NanLossDuringTrainingError`.

    The checkpoints saved before are as they were.

    Attributes:
        step: The `global_step` of the update whose loss was no number.
    """

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def __str__(self) -> str:
        return (
            f"The loss is NaN or infinite at step {self.step}. Nothing of it has been saved. "
            "A lower learning rate or clipnorm often helps; look for NaN in the data, too."
        )
