"""Training from one step to another: the compiled loop, and what happens between its calls."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kerasrun.bridge.actions import (
    LogLoss,
    Rate,
    TellProgress,
    TrainingMetrics,
    WriteStepRate,
    WriteSummaries,
)
from kerasrun.bridge.distribute.shared_training import SharedTraining
from kerasrun.bridge.errors import NanLossDuringTrainingError
from kerasrun.bridge.hooks.hook_calls import HookCalls
from kerasrun.bridge.interrupts import Interrupts
from kerasrun.bridge.loop import Ran, Running
from kerasrun.bridge.notices import data_ended, give_notice
from kerasrun.bridge.observer import Observer
from kerasrun.bridge.program import Program
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.saving import Saver
from kerasrun.bridge.summaries import SummaryWriter
from kerasrun.bridge.triggers import EverySecs, EverySteps, Trigger

_LOGGER = logging.getLogger("tensorflow")
_PROGRESS_EVERY_SECS = 0.5
_NO_LIMIT = 2**62


class Action(NamedTuple):
    """Something that happens after some steps: *what* it does, and *when*.

    `do` is told the step; a true answer stops training. One that only reads the metrics need not
    end a call of the loop: it does its work afterwards, with the metrics as they were.
    """

    when: Trigger
    do: Callable[[int], Any]
    reads_only: bool = False


class Trainer:
    """One training, from where the program stands.

    Args:
        program: The model, its state loaded.
        running: A pass over the training data.
        config: The cadences.
        writer: Of `model_dir`.
        saver: Saves the checkpoints.
        hooks: The user's hooks.
        observers: Told of progress.
        stop_at: The `global_step` to end at, or None: with the data.
        origin: The step from which checkpoints are counted: where this training began, before it
            was interrupted.
        together: The other replicas, if there are any: all stop at the same step.
    """

    def __init__(
        self,
        program: Program,
        running: Running,
        config: RunConfig,
        writer: SummaryWriter,
        saver: Saver,
        hooks: HookCalls,
        observers: Sequence[Observer],
        stop_at: int | None,
        origin: int,
        together: SharedTraining | None = None,
    ) -> None:
        self._running = running
        self._config = config
        self._saver = saver
        self._hooks = hooks
        self._observers = observers
        self._together = together
        self._stop_at = stop_at
        self._step, self._origin = int(program.global_step), origin
        self._metrics = TrainingMetrics(program, self._step)
        self._seconds = running.seconds
        rate = Rate(lambda: self._seconds, self._step)
        self._tell = TellProgress(self._metrics, rate, observers, stop_at)
        self._actions = list(self._planned(writer))

    def run(self, interrupts: Interrupts, interrupted: Callable[[int], None]) -> int:
        """Trains; returns the step reached. The last state is saved if checkpoints are on.

        Args:
            interrupts: Heard between two calls of the loop.
            interrupted: Told the step that one ends training at, before that is saved.

        Raises:
            NanLossDuringTrainingError: A loss or a weight was no number; that is not saved.
            CheckpointWriteError: A checkpoint could not be written.
        """
        begun = self._step
        stop, more = self._save(), True
        while more and not (self._stops(interrupts, stop=stop) or self._finished()):
            more, stop = self._advance()
        if self._together is not None:
            self._together.end(interrupted=bool(interrupts.received))
        if interrupts.received or (self._together and self._together.agreement.interrupted):
            interrupted(self._step)
        self._save()
        self._saver.wait()
        self._tell(self._step)
        self._log_end(begun, out_of_data=not more)
        return self._step

    def _advance(self) -> tuple[bool, bool]:
        """One call of the loop and what is due after it.

        Returns:
            Whether there may be more data, and whether something asks to stop.
        """
        self._saver.poll()
        watched = self._hooks.watches_next
        if watched:
            self._hooks.before_run()
        if watched and self._hooks.step is not None:
            ran = self._run_watched(self._hooks.step)
        else:
            ran = self._run(1 if watched else self._hooks.unwatched())
        if not ran.steps:
            return ran.more, False
        # The loop may have collected the summaries of this very step.
        written = bool(ran.collected) and ran.collected[-1].steps == ran.steps
        due = [action for action in self._actions if not (written and action.reads_only)]
        stops = [self._take(action) for action in due] if ran.finite else []
        if watched:
            self._saver.wait()  # a hook may look for the checkpoint of this step
        stops.append(self._hooks.after_run(ran.steps, ran.loss))
        if not ran.finite:
            _LOGGER.error("Model diverged with loss = NaN.")
            raise NanLossDuringTrainingError(self._step)
        return ran.more, any(stops)

    def _run(self, limit: int) -> Ran:
        """One call of the loop, and the summaries that were due amid it."""
        before, seconds = self._step, self._running.seconds
        ends = [self._next_step(action) for action in self._actions if not action.reads_only]
        reads = [self._next_step(action) for action in self._actions if action.reads_only]
        limit = min([limit, *[end - before for end in ends]])
        left = None if self._stop_at is None else self._stop_at - before
        if left is not None:
            limit = min(limit, left)
        ran = self._running.run_up_to(limit, left, min(reads) - before if reads else None)
        for collected in ran.collected:
            self._step, self._seconds = before + collected.steps, seconds + collected.seconds
            self._metrics.taken(self._step, collected.values)
            for action in self._actions:
                if action.reads_only:
                    self._take(action)
        self._step, self._seconds = before + ran.steps, self._running.seconds
        return ran

    def _run_watched(self, step: Callable[[Any], Any]) -> Ran:
        ran = self._running.run_one(step)
        self._step, self._seconds = self._step + ran.steps, self._running.seconds
        return ran

    def _stops(self, interrupts: Interrupts, *, stop: bool) -> bool:
        interrupted = bool(interrupts.received)
        if self._together is None:
            return stop or interrupted
        return self._together.wants_to_stop(stop=stop, interrupted=interrupted)

    def _finished(self) -> bool:
        return self._stop_at is not None and self._step >= self._stop_at

    def _save(self) -> bool:
        return self._config.saves_checkpoints and self._saver(self._step)

    def _next_step(self, action: Action) -> int:
        following = action.when.next_step(self._step)
        return _NO_LIMIT if following is None else following

    def _take(self, action: Action) -> bool:
        if not action.when.due(self._step):
            return False
        stop = bool(action.do(self._step))
        action.when.done(self._step)
        return stop

    def _planned(self, writer: SummaryWriter) -> list[Action]:
        """What happens, in the order in which it does after a step."""
        config, actions = self._config, []
        reads_only = collected_every(config) is not None
        if every := config.log_step_count_steps:
            rate = Rate(lambda: self._seconds, self._step)
            first, write_rate = 1 + int(every), WriteStepRate(rate, writer)
            actions.append(Action(EverySteps(int(every), first), write_rate, reads_only))
            actions.append(Action(EverySteps(int(every), 1), LogLoss(self._metrics), reads_only))
        if every := config.save_summary_steps:
            write = WriteSummaries(self._metrics, writer)
            actions.append(Action(EverySteps(int(every), 1), write, reads_only))
        actions.append(Action(EverySecs(_PROGRESS_EVERY_SECS, time.monotonic), self._tell))
        if every := config.save_checkpoints_steps:
            actions.append(Action(EverySteps(int(every), self._origin + int(every)), self._saver))
        elif secs := config.save_checkpoints_secs:
            actions.append(Action(EverySecs(secs, time.monotonic), self._saver))
        return actions + [Action(when, self._saver) for when in self._saver.asked_for]

    def _log_end(self, begun: int, *, out_of_data: bool) -> None:
        if self._step == begun and self._running.batches == 0:
            _LOGGER.warning(
                "Training made no steps: the input is empty, or gives nothing. Look at input_fn."
            )
        elif self._step > begun:
            if out_of_data and self._stop_at is not None and not self._finished():
                give_notice(self._observers, data_ended(self._step, self._stop_at))
            _LOGGER.info("Loss for final step: %s.", self._metrics.look(self._step).get("loss"))


def collected_every(config: RunConfig) -> int | None:
    """Every how many steps the metrics may be read amid a call of the loop.

    None where that would not do: nothing is written, or the rate is wanted between two summaries.
    """
    summaries, rates = config.save_summary_steps, config.log_step_count_steps
    if not summaries or (rates and rates % summaries):
        return None
    return int(summaries)
