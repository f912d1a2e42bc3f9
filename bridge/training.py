"""`train_and_evaluate`: one training, evaluations at its checkpoints, exports after them."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, overload

import tensorflow as tf

from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.notices import throttled
from kerasrun.bridge.recorded_evaluations import RecordedEvaluations
from kerasrun.bridge.roles import LOCAL, check_may_train_and_evaluate
from kerasrun.bridge.specs import EvalSpec, TrainSpec, checked_eval_specs
from kerasrun.bridge.tf_config import EVALUATOR, MASTER
from kerasrun.bridge.training_record import ENDED
from kerasrun.bridge.triggers import EverySteps
from kerasrun.bridge.watching import evaluate_new_checkpoints

_LOGGER = logging.getLogger("tensorflow")

Outcome = tuple[dict[str, Any], list[Any]] | tuple[None, None]
_Results = dict[str | None, dict[str, Any]]
_Exports = dict[str | None, list[Any]]
Outcomes = tuple[_Results, _Exports] | tuple[None, None]


@overload
def train_and_evaluate(  # type: ignore[overload-overlap]  # an EvalSpec is a tuple, of other things
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> Outcome: ...


@overload
def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: Iterable[EvalSpec]
) -> Outcomes: ...


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec | Iterable[EvalSpec]
) -> Any:
    """Trains, evaluates and exports; see `tf.estimator.train_and_evaluate`.

    There is one training from beginning to end: its input is never restarted. After each
    checkpoint, and once more at the end, the model is evaluated unless the evaluation before began
    less than `throttle_secs` ago, and every exporter is called. Nothing is evaluated twice.

    Several EvalSpecs, each with a name of its own, are evaluated in their order; each has its own
    `throttle_secs` or `every_steps`, and its own exporters.

    Args:
        estimator: The model.
        train_spec: How to train.
        eval_spec: How to evaluate and export; or a list of them.

    Returns:
        The result of the last evaluation, and what the exporters returned after it (None where
        one had nothing to export). For a list two dicts of these, by the specs' names (None for
        one without). (None, None) if there was nothing to train.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The Estimator's config turns checkpoints off, or two specs share a name, or
            two of their exporters do.

    By TF_CONFIG a process may be a chief or a worker, which train together without evaluating; an
    evaluator, which evaluates the checkpoints that they save; or a master, a chief that evaluates.
    These return None.
    """
    _check_type("estimator", estimator, Estimator)
    _check_type("train_spec", train_spec, TrainSpec)
    specs = checked_eval_specs(eval_spec)
    if not estimator.config.saves_checkpoints:
        raise ValueError(
            "train_and_evaluate evaluates checkpoints, which this RunConfig turns off: give "
            "save_checkpoints_steps or save_checkpoints_secs."
        )
    role = check_may_train_and_evaluate(estimator.config)
    if role != LOCAL:
        return _in_a_cluster(role, estimator, train_spec, specs)
    evaluators = _train(estimator, train_spec, specs)
    if isinstance(eval_spec, EvalSpec):
        return evaluators[0].outcome
    outcomes = [(one.name, *one.outcome) for one in evaluators]
    if any(result is None for _, result, _ in outcomes):
        return None, None
    results = {name: result for name, result, _ in outcomes}
    return results, {name: exports for name, _, exports in outcomes}


def _in_a_cluster(
    role: str, estimator: Estimator, train_spec: TrainSpec, specs: Sequence[EvalSpec]
) -> None:
    """Does one node's part: a chief trains, an evaluator evaluates, a master does both."""
    if role == MASTER:
        _train(estimator, train_spec, specs)
    elif role != EVALUATOR:
        _train_only(estimator, train_spec, specs)
    elif len(specs) == 1:
        evaluate_new_checkpoints(estimator, specs[0], train_spec.max_steps)
    else:
        raise ValueError(
            f"An evaluator process takes one EvalSpec; {len(specs)} were given. Start one process "
            "for each."
        )


def _train_only(estimator: Estimator, spec: TrainSpec, eval_specs: Sequence[EvalSpec]) -> None:
    """Trains; checkpoints are saved where the process that evaluates will look for them too."""
    estimator.train(
        spec.input_fn,
        hooks=spec.hooks,
        max_steps=spec.max_steps,
        saving_listeners=[*spec.saving_listeners, *map(_SavesOnly, eval_specs)],
    )


def _train(
    estimator: Estimator, spec: TrainSpec, eval_specs: Sequence[EvalSpec]
) -> list["_Evaluator"]:
    with estimator.exclusive():
        latest = estimator.whole_checkpoint()
        begun = step_of(latest) if latest else 0
        evaluators = [_Evaluator(estimator, one, begun, spec.max_steps) for one in eval_specs]
        made_up = [one.make_up(latest) for one in evaluators]
        if any(made_up) and spec.max_steps is not None and begun >= spec.max_steps:
            estimator.record.note_stop(begun, ENDED)  # nothing but that was left to do
            estimator.check_same_beginning(begun)  # which the workers wait for
            return evaluators
        estimator.train(
            spec.input_fn,
            hooks=spec.hooks,
            max_steps=spec.max_steps,
            saving_listeners=[*spec.saving_listeners, *evaluators],
        )
    return evaluators


class _SavesOnly(tf.compat.v1.train.CheckpointSaverListener):
    """Has checkpoints saved where an EvalSpec wants them, and evaluates nothing."""

    def __init__(self, spec: EvalSpec) -> None:
        self.saves_when = _saves_when(spec)


def _saves_when(spec: EvalSpec) -> list[EverySteps]:
    return [EverySteps(spec.every_steps, first=spec.every_steps)] if spec.every_steps else []


class _Evaluator:
    """Listens for checkpoints, and evaluates those that are due.

    Args:
        estimator: The model.
        spec: How to evaluate.
        begun: The step that training starts from: its checkpoint is not evaluated.
        max_steps: Where training ends at the latest.

    Attributes:
        name: The spec's, or None.
        saves_when: When checkpoints are to be saved beside the Estimator's cadence.
    """

    def __init__(
        self, estimator: Estimator, spec: EvalSpec, begun: int, max_steps: int | None
    ) -> None:
        self.name = spec.name or None
        self.saves_when = _saves_when(spec)
        self._estimator = estimator
        self._evaluations = RecordedEvaluations(estimator, spec, begun)
        self._begun, self._max_steps = begun, max_steps
        self._due = False
        self._seen: set[int] = set()
        self._skipped: set[int] = set()

    @property
    def outcome(self) -> Outcome:
        """The last result, and what the exporters returned after it."""
        result, exports = self._evaluations.result, self._evaluations.exports
        return (None, None) if result is None else (result, exports)

    def make_up(self, latest: str | None) -> bool:
        """Does what a killed process left undone; returns whether there was something to do."""
        return self._evaluations.make_up(latest, self._max_steps)

    def begin(self) -> None:
        """Nothing to do yet."""

    def waits_for(self, step: int) -> bool:
        """Whether the checkpoint of `step` will be evaluated at once."""
        self._due = step != self._evaluations.step and self._is_due(step)
        return self._due

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Nothing to do before the checkpoint is whole."""

    def after_save(self, session: Any, global_step_value: int) -> None:
        """Evaluates, if it is due."""
        if global_step_value == self._evaluations.step:
            return
        self._seen.add(global_step_value)
        if self._due:
            self._evaluate()
            end = self._max_steps
            self._evaluations.export(final=end is not None and global_step_value >= end)
        elif not self._evaluations.spec.every_steps:
            secs = self._evaluations.spec.throttle_secs
            _LOGGER.info("Skip the current checkpoint eval due to throttle secs (%s secs).", secs)
            self._skipped.add(global_step_value)

    def end(self, session: Any, global_step_value: int) -> None:
        """Evaluates the last checkpoint, or tells the exporters that the evaluated one was it."""
        if global_step_value == self._begun and self._evaluations.result is None:
            return
        if global_step_value != self._evaluations.step:
            self._skipped.discard(global_step_value)
            self._evaluate()
        if not self._evaluations.told_final:
            self._evaluations.export(final=True)
        if self._skipped:
            secs = self._evaluations.spec.throttle_secs
            counts = len(self._skipped), len(self._seen)
            self._estimator.notice(throttled(self.name, *counts, secs))

    def _is_due(self, step: int) -> bool:
        spec = self._evaluations.spec
        if spec.every_steps:
            return step % spec.every_steps == 0
        return not self._evaluations.throttled_secs

    def _evaluate(self) -> None:
        path = self._estimator.latest_checkpoint()
        assert path is not None, "it has just been saved"
        self._evaluations.evaluate(path)


def _check_type(name: str, value: object, expected: type) -> None:
    if not isinstance(value, expected):
        raise TypeError(
            f"train_and_evaluate: {name} must be of type {expected.__name__}; received {value!r}."
        )
