"""An evaluation by several devices of this process."""

from contextlib import nullcontext
from typing import Any

import tensorflow as tf

from kerasrun.bridge.distribute.model_part import model_part
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.step import SharedStep
from kerasrun.bridge.program import Program


class SharedEvaluation:
    """See `kerasrun.bridge.loop_graph.Together`.

    Args:
        program: The model.
        replicas: Those of this process.

    Raises:
        ValueError: They cannot share this model's steps.
    """

    own_data = False

    def __init__(self, program: Program, replicas: Replicas) -> None:
        self._model = model_part(program, replicas)
        self.step = SharedStep(
            self._model,
            self._model.eval_step,
            replicas,
            None,
            program.global_step,
            own_data=False,
        )

    def agreed(self, limit: int) -> int:
        """As many as this process takes."""
        return limit

    def have_data(self, there: tf.Tensor) -> tf.Tensor:
        """As it is here."""
        return there

    def refresh(self) -> None:
        """Called before each call of the loop: other weights may have been loaded."""
        self._model.loaded()
        self._model.refresh()

    def translated(self) -> Any:
        """There is no other process."""
        return nullcontext()
