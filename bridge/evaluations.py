"""One EvalSpec carried out: a checkpoint is evaluated, and the exporters are called."""

import os
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.reasons import is_of_the_disk, reason_of
from kerasrun.bridge.specs import EvalSpec


class Evaluations:
    """The evaluations of one Estimator by one EvalSpec.

    Args:
        estimator: The model.
        spec: How to evaluate and export.
        step: The checkpoint that counts as evaluated already, if any.
        clock: Seconds from any start.

    Attributes:
        spec: How to evaluate and export.
        step: That of the checkpoint evaluated last.
        result: What its evaluation gave; None before the first.
        exports: What each exporter returned for it, or None.
        told_final: Whether the exporters have been told that it is the last.
    """

    def __init__(
        self,
        estimator: Estimator,
        spec: EvalSpec,
        step: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spec = spec
        self.step = step
        self.result: dict[str, Any] | None = None
        self.exports: list[Any] = []
        self.told_final = False
        self._estimator = estimator
        self._clock = clock
        self._started: float | None = None
        self._path: str | None = None

    @property
    def throttled_secs(self) -> float:
        """How long `throttle_secs` still forbids an evaluation, in seconds."""
        if self._started is None:
            return 0.0
        return max(0.0, self.spec.throttle_secs - (self._clock() - self._started))

    def throttle_since(self, secs: float) -> None:
        """The last evaluation began so many seconds ago, in another process."""
        self._started = self._clock() - secs

    def evaluate(self, path: str) -> None:
        """Evaluates the checkpoint at the prefix `path`."""
        self._started = self._clock()
        spec = self.spec
        self.result = self._estimator.evaluate(
            spec.input_fn,
            steps=spec.steps,
            hooks=spec.hooks,
            checkpoint_path=path,
            name=spec.name,
        )
        self._path, self.step = path, step_of(path)
        self.exports = [None] * len(spec.exporters)
        self.told_final = False

    def export(self, *, final: bool) -> None:
        """Asks those exporters that have not exported this checkpoint yet.

        A disk that is full or cannot be written does not end a training that goes on: a notice
        tells, and the next evaluation is exported again.
        """
        self.told_final = final
        for i, exporter in enumerate(self.spec.exporters):
            if self.exports[i] is None:
                self.exports[i] = self._export(exporter, final=final)

    def _export(self, exporter: Any, *, final: bool) -> Any:
        try:
            return exporter.export(
                estimator=self._estimator,
                export_path=self.export_path(exporter),
                checkpoint_path=self._path,
                eval_result=self.result,
                is_the_final_export=final,
            )
        except (OSError, tf.errors.OpError) as error:
            if final or not is_of_the_disk(error):
                raise
            self._estimator.notice(
                f"The exporter {exporter.name!r} could not write the model of step {self.step}: "
                f"{reason_of(error)}. Training goes on; the next evaluation is exported again."
            )
            return None

    def export_path(self, exporter: Any) -> str:
        """The folder of an exporter's exports."""
        return os.path.join(self._estimator.model_dir, "export", exporter.name)
