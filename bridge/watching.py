"""A separate evaluator: it evaluates the checkpoints that a training elsewhere saves."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kerasrun.bridge.checkpoint_files import exists
from kerasrun.bridge.checkpoint_names import step_of
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.evaluations import Evaluations
from kerasrun.bridge.interrupts import deferred
from kerasrun.bridge.specs import EvalSpec

_LOGGER = logging.getLogger("tensorflow")
_TELL_EVERY_SECS = 600.0
_POLL_SECS = 1.0
_NEVER = 2**62


def evaluate_new_checkpoints(
    estimator: Estimator,
    eval_spec: EvalSpec,
    max_steps: int | None = None,
    *,
    until: Callable[[], bool] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] | None = None,
) -> tuple[dict[str, Any], list[Any]] | tuple[None, None]:
    """Evaluates each new checkpoint in `estimator.model_dir`, and calls the exporters.

    Another process trains; this one never writes a checkpoint. It begins after `start_delay_secs`,
    and takes the newest checkpoint each time, the one of step 0 too: a training that saves faster
    than this evaluates has some passed over. With `EvalSpec.every_steps` it takes those whose step
    is a multiple of it, one after the other, and the last.

    Args:
        estimator: The model, as it is trained elsewhere.
        eval_spec: How to evaluate and export.
        max_steps: It ends when a checkpoint of this `global_step` has been evaluated.
        until: It ends too when this answers True and the newest checkpoint has been evaluated.
            Asked once a second at most. Neither: it goes on for ever.
        clock: Seconds from any start.
        sleep: Waits so many seconds. None: as `time.sleep` does.

    Returns:
        The last result, and what the exporters returned after it; (None, None) if there never was
        a checkpoint.

    Source: the evaluator of `tf.estimator.train_and_evaluate`.
    """
    watch = _Watch(Evaluations(estimator, eval_spec, clock=clock), estimator, max_steps, clock)
    # Held back: a KeyboardInterrupt raised within a finalizer of TensorFlow's would be lost.
    with deferred() as heard:
        sleep = sleep or heard.sleep
        sleep(eval_spec.start_delay_secs)
        over = False
        while not over:
            over = until is not None and until()  # before looking: none is saved afterwards
            found = watch.look(over=over)
            over = watch.has_ended or (over and not found)
            if not over:
                sleep(watch.pause_secs)
    return watch.outcome()


class _Watch:
    """Looks for checkpoints and evaluates them.

    Args:
        evaluations: Carries out the EvalSpec.
        estimator: Whose checkpoints.
        max_steps: The `global_step` of the last one, if it is known.
        clock: Seconds from any start.
    """

    def __init__(
        self,
        evaluations: Evaluations,
        estimator: Estimator,
        max_steps: int | None,
        clock: Callable[[], float],
    ) -> None:
        self._evaluations, self._estimator, self._clock = evaluations, estimator, clock
        self._max_steps = _NEVER if max_steps is None else max_steps
        self._told = -_TELL_EVERY_SECS + clock()
        self._found = False

    @property
    def has_ended(self) -> bool:
        """Whether the checkpoint of `max_steps` has been evaluated."""
        return self._evaluations.step is not None and self._evaluations.step >= self._max_steps

    @property
    def pause_secs(self) -> float:
        """How long to wait before the next look."""
        return max(self._evaluations.throttled_secs, 0.0 if self._found else _POLL_SECS)

    def look(self, *, over: bool) -> bool:
        """Evaluates the next checkpoint; returns whether there was one."""
        path = self._next(over=over)
        self._found = path is not None
        if path is None:
            self._tell_of_waiting()
        elif self._evaluate(path):
            self._told = self._clock()
        return self._found

    def outcome(self) -> tuple[dict[str, Any], list[Any]] | tuple[None, None]:
        """The last result and exports; the exporters are told that it was the last."""
        last = self._evaluations
        if last.result is None:
            return None, None
        if not last.told_final:
            last.export(final=True)
        return last.result, last.exports

    def _next(self, *, over: bool) -> str | None:
        """The prefix of the checkpoint to evaluate now, or None."""
        newest, done = self._estimator.latest_checkpoint(), self._evaluations.step
        if newest is None or step_of(newest) == done:
            return None
        every = self._evaluations.spec.every_steps
        if every is None:
            return newest
        for path in _kept_checkpoints(self._estimator.model_dir):
            if step_of(path) % every == 0 and (done is None or step_of(path) > done):
                return path
        return newest if over or step_of(newest) >= self._max_steps else None

    def _evaluate(self, path: str) -> bool:
        """Evaluates and exports; False if the training has removed the checkpoint meanwhile."""
        try:
            self._evaluations.evaluate(path)
            self._evaluations.export(final=self.has_ended)
        except (ValueError, OSError, tf.errors.OpError):
            if exists(path):
                raise
            _LOGGER.info("The checkpoint %s was removed before it could be evaluated.", path)
            return False
        return True

    def _tell_of_waiting(self) -> None:
        """Warns that there is nothing to do: at once if there never was, else in ten minutes."""
        if self._clock() - self._told < _TELL_EVERY_SECS:
            return
        self._told, step = self._clock(), self._evaluations.step
        found = "no checkpoint" if step is None else f"no checkpoint after step {step}"
        _LOGGER.warning("Waiting: there is %s in %s yet.", found, self._estimator.model_dir)


def _kept_checkpoints(model_dir: str) -> list[str]:
    """The prefixes of the checkpoints that are there, in the order of their steps."""
    state = tf.train.get_checkpoint_state(model_dir)
    names = [os.path.basename(path) for path in state.all_model_checkpoint_paths] if state else []
    paths = [os.path.join(model_dir, name) for name in names]
    return sorted((path for path in paths if exists(path)), key=step_of)
