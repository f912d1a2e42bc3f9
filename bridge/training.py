"""`train_and_evaluate`: one training, evaluations at its checkpoints, exports after them."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from kerasrun.bridge.checkpoints import step_of
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.specs import EvalSpec, TrainSpec

_LOGGER = logging.getLogger("tensorflow")


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[dict[str, Any] | None, list[Any] | None]:
    """Trains, evaluates and exports; see `tf.estimator.train_and_evaluate`.

    There is one training from beginning to end: its input is never restarted. After each
    checkpoint, and once more at the end, the model is evaluated unless the evaluation before began
    less than `throttle_secs` ago, and every exporter is called. Nothing is evaluated twice.

    Args:
        estimator: The model.
        train_spec: How to train.
        eval_spec: How to evaluate and export.

    Returns:
        The result of the last evaluation, and what the exporters returned after it (None where
        one had nothing to export). (None, None) if there was nothing to train.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The Estimator's config turns checkpoints off.
    """
    _check_type("estimator", estimator, Estimator)
    _check_type("train_spec", train_spec, TrainSpec)
    _check_type("eval_spec", eval_spec, EvalSpec)
    if not estimator.config.saves_checkpoints:
        raise ValueError(
            "train_and_evaluate evaluates checkpoints, which this RunConfig turns off: give "
            "save_checkpoints_steps or save_checkpoints_secs."
        )
    latest = estimator.latest_checkpoint()
    begun = step_of(latest) if latest else 0
    evaluator = _Evaluator(estimator, eval_spec, begun, train_spec.max_steps)
    estimator.train(
        train_spec.input_fn,
        hooks=train_spec.hooks,
        max_steps=train_spec.max_steps,
        saving_listeners=[*train_spec.saving_listeners, evaluator],
    )
    return evaluator.outcome


class _Evaluator:
    """Listens for checkpoints, evaluates them and calls the exporters.

    Args:
        estimator: The model.
        spec: How to evaluate.
        begun: The step that training starts from: its checkpoint is not evaluated.
        max_steps: Where training ends at the latest.
        clock: Seconds from any start.
    """

    def __init__(
        self,
        estimator: Estimator,
        spec: EvalSpec,
        begun: int,
        max_steps: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._estimator = estimator
        self._spec = spec
        self._clock = clock
        self._begun = self._evaluated_step = begun
        self._max_steps = max_steps
        self._started: float | None = None
        self._path: str | None = None
        self._result: dict[str, Any] | None = None
        self._exports: list[Any] = []
        self._exported_finally = False

    @property
    def outcome(self) -> tuple[dict[str, Any] | None, list[Any] | None]:
        """The last result, and what the exporters returned after it."""
        return (None, None) if self._result is None else (self._result, self._exports)

    def begin(self) -> None:
        """Nothing to do yet."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Nothing to do before the checkpoint is whole."""

    def after_save(self, session: Any, global_step_value: int) -> None:
        """Evaluates, unless it is too early to."""
        if global_step_value == self._evaluated_step:
            return
        if self._started is not None:
            since = self._clock() - self._started
            if since < self._spec.throttle_secs:
                _LOGGER.info(
                    "Skip the current checkpoint eval due to throttle secs (%s secs).",
                    self._spec.throttle_secs,
                )
                return
        self._evaluate(global_step_value)
        self._export(final=self._max_steps is not None and global_step_value >= self._max_steps)

    def end(self, session: Any, global_step_value: int) -> None:
        """Evaluates the last checkpoint, or tells the exporters that the evaluated one was it."""
        if global_step_value == self._begun:
            return
        if global_step_value != self._evaluated_step:
            self._evaluate(global_step_value)
        if not self._exported_finally:
            self._export(final=True)

    def _evaluate(self, step: int) -> None:
        self._started = self._clock()
        self._evaluated_step = step
        self._path = self._estimator.latest_checkpoint()
        spec = self._spec
        self._result = self._estimator.evaluate(
            spec.input_fn,
            steps=spec.steps,
            hooks=spec.hooks,
            checkpoint_path=self._path,
            name=spec.name,
        )
        self._exports = [None] * len(spec.exporters)

    def _export(self, final: bool) -> None:
        """Asks those exporters that have not exported this checkpoint yet."""
        self._exported_finally = final
        for i, exporter in enumerate(self._spec.exporters):
            if self._exports[i] is None:
                self._exports[i] = exporter.export(
                    estimator=self._estimator,
                    export_path=os.path.join(self._estimator.model_dir, "export", exporter.name),
                    checkpoint_path=self._path,
                    eval_result=self._result,
                    is_the_final_export=final,
                )


def _check_type(name: str, value: object, expected: type) -> None:
    if not isinstance(value, expected):
        raise TypeError(
            f"train_and_evaluate: {name} must be of type {expected.__name__}; received {value!r}."
        )
