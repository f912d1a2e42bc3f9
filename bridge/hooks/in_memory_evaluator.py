"""Evaluates the model under training without a checkpoint."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as v1


class InMemoryEvaluatorHook(v1.train.SessionRunHook):
    """Evaluates before, during and after training, with the weights as they are.

    See `tf.estimator.experimental.InMemoryEvaluatorHook`. Nothing is saved for it; the results are
    written as those of any evaluation.

    Args:
        estimator: Whose training it hangs in.
        input_fn: Gives the evaluation data.
        steps: How many batches; None: all.
        hooks: Hooks of the evaluation.
        name: Names the evaluation.
        every_n_iter: Evaluates after each so many iterations.

    Raises:
        TypeError: `estimator` is no Estimator.
        ValueError: `every_n_iter` is not above 0.
    """

    def __init__(
        self,
        estimator: Any,
        input_fn: Callable[..., Any],
        steps: int | None = None,
        hooks: Sequence[Any] | None = None,
        name: str | None = None,
        every_n_iter: int = 100,
    ) -> None:
        if not hasattr(estimator, "evaluate_in_memory"):
            raise TypeError(f"estimator must be an Estimator; received {estimator!r}.")
        if every_n_iter is None or every_n_iter <= 0:
            raise ValueError(f"every_n_iter must be above 0; received {every_n_iter!r}.")
        self._every = every_n_iter
        self._evaluate: Callable[[], Any] = lambda: estimator.evaluate_in_memory(
            input_fn, steps, hooks, name
        )
        self._evaluated_step = -1
        self._done = 0

    def goes_on_after(self, done: int) -> None:
        """Counts from there."""
        self._done = done

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Evaluates what training begins with; one that goes on, if that was due there."""
        if self._done % self._every == 0:
            self._evaluate_at(session)

    def next_iteration(self, done: int) -> int:
        """Each that is due."""
        return done + self._every - done % self._every

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Evaluates."""
        self._evaluate_at(run_context.session)

    def end(self, session: Any) -> None:
        """Evaluates the last state, unless it has been."""
        if _global_step(session) != self._evaluated_step:
            self._evaluate_at(session)

    def _evaluate_at(self, session: Any) -> None:
        self._evaluated_step = _global_step(session)
        self._evaluate()


def _global_step(session: Any) -> int:
    return int(session.run(v1.train.get_global_step(session.graph)))
