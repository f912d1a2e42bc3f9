"""Evaluations that a process which goes on after a kill makes up, each once."""

import os
import time
from collections.abc import Mapping
from typing import Any

from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.evaluations import Evaluations
from kerasrun.bridge.specs import EvalSpec
from kerasrun.bridge.training_record import ENDED, INTERRUPTED, EvaluationState
from kerasrun.exporters.retention import newest_version


class RecordedEvaluations(Evaluations):
    """Notes in `training.json` how far it has come with each checkpoint.

    Args:
        estimator: The model.
        spec: How to evaluate and export.
        begun: The step that training starts from: its checkpoint is not evaluated.
    """

    def __init__(self, estimator: Estimator, spec: EvalSpec, begun: int) -> None:
        super().__init__(estimator, spec, begun)
        self._record = estimator.record
        self._folder = os.path.basename(estimator.eval_dir(spec.name))
        self._state = EvaluationState()

    def evaluate(self, path: str) -> None:
        """Evaluates the checkpoint at the prefix `path`."""
        self._evaluate(path, {e.name: self._newest(e) for e in self.spec.exporters})

    def export(self, *, final: bool) -> None:
        """Asks those exporters that have not exported this checkpoint yet."""
        super().export(final=final)
        self._note(self._state._replace(exported=True, final=final))

    def make_up(self, latest: str | None, max_steps: int | None) -> bool:
        """Does what a killed process would still have done after saving its last checkpoint.

        Args:
            latest: The checkpoint that training goes on from.
            max_steps: Where it ends.

        Returns:
            Whether there was something to do.
        """
        state = self._record.evaluation(self._folder)
        if state is None:  # from here on it can be told that evaluations were to follow
            self._note(EvaluationState())
        if state is None or latest is None:
            return False
        step = step_of(latest)
        if state.began is not None and self._record.stopped(step) != ENDED:
            self.throttle_since(max(0.0, time.time() - state.began))
        at_end = max_steps is not None and step >= max_steps
        evaluated = state.step == step
        done = evaluated and state.exported and (state.final or not at_end)
        due = not done and (evaluated or self._was_due(latest, state, at_end=at_end))
        self._estimator.restart_evaluations(self.spec.name, step if due else step + 1)
        if not due:
            return False
        if not evaluated:
            self.evaluate(latest)
        else:
            self._evaluate(latest, state.versions)
            self.exports = [self._exported(exporter) for exporter in self.spec.exporters]
        self.export(final=at_end)
        return True

    def _evaluate(self, path: str, versions: Mapping[str, str | None]) -> None:
        began = time.time()
        super().evaluate(path)
        self._note(EvaluationState(self.step, began, versions=versions))

    def _was_due(self, latest: str, state: EvaluationState, *, at_end: bool) -> bool:
        """Whether a process that lived on would have evaluated this checkpoint."""
        step = step_of(latest)
        stopped = self._record.stopped(step)
        if step == 0 or stopped is not None:
            return at_end and stopped == INTERRUPTED
        if self.spec.every_steps and not at_end:
            return step % self.spec.every_steps == 0
        since = self._estimator.saved_at(latest) - (state.began or 0.0)
        return at_end or since >= self.spec.throttle_secs

    def _exported(self, exporter: Any) -> Any:
        """What this exporter has written of the checkpoint already."""
        finished_since = getattr(exporter, "finished_since", None)
        if finished_since is None or exporter.name not in self._state.versions:
            return None
        return finished_since(self.export_path(exporter), self._state.versions[exporter.name])

    def _newest(self, exporter: Any) -> str | None:
        return newest_version(self.export_path(exporter))

    def _note(self, state: EvaluationState) -> None:
        self._state = state
        self._record.note_evaluation(self._folder, state)
