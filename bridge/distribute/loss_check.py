"""Whether the loss of a `model_fn` is a mean over the examples, as several processes take it."""

from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.bridge.distribute.shared_graph import SharedGraph
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.model_fn.trace import Trace

_DIFFERS = 1e-3  # so that it can be told which of two numbers a third one is


class LossCheck(v1.train.SessionRunHook):
    """Looks at the first step of a training.

    The loss of the whole batch is either the mean of the losses of the processes' rows, or their
    sum. What `tf.losses` and heads compute need not be looked at.

    Args:
        trace: The graph.
        shared: How it is shared.
    """

    def __init__(self, trace: Trace, shared: SharedGraph) -> None:
        self._trace, self._shared = trace, shared
        self._looks = shared.loss_is_unknown(trace.spec.loss)
        self._whole: float | None = None

    def next_iteration(self, done: int) -> int | None:
        """The first one."""
        return done + 1 if self._looks else None

    def look_at(self, batch: Example) -> None:
        """Computes the loss of a whole batch, which is about to be trained on."""
        if not self._looks:
            return
        self._looks = False
        try:
            run = self._trace.cut(
                [self._trace.spec.loss], self._shared.own_tensors, of_batch=False, cuts={}
            )
        except ValueError:  # it follows from how many rows the others have
            return
        self._whole = float(run(*self._trace.flat(batch))[0])

    def before_run(self, run_context: Any) -> Any:
        """Asks for what the processes have computed."""
        return v1.train.SessionRunArgs(list(self._shared.losses))

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Compares.

        Raises:
            ValueError: The loss adds up over the examples.
        """
        mean, total = (float(one) for one in run_values.results)
        if self._whole is None or abs(total - mean) <= _DIFFERS * max(abs(total), abs(mean)):
            return
        if abs(self._whole - total) < abs(self._whole - mean):
            raise ValueError(
                f"The loss of the model_fn adds up over the examples of a batch ({self._whole:.4g} "
                f"for all, {mean:.4g} in the mean of the processes), but several processes take it "
                "for a mean: divide it by the number of rows it is given, tf.shape(labels)[0]; or "
                "let tf.losses add it up: tf.losses.compute_weighted_loss(losses, "
                "reduction=tf.losses.Reduction.SUM)."
            )
