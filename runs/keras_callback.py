"""`model.fit(..., callbacks=[RunCallback()])`: the fit becomes a run.

It imports Keras, so it is imported when somebody asks for it.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

import keras  # noqa: TID253 (see above)

from kerasrun.runs.tracked import TrackedRun, open_run, start

_PROGRESS_EVERY_SECS = 10.0
_EVAL_PREFIX = "val_"


class RunCallback(keras.callbacks.Callback):
    """Records loss and metrics of each epoch, at the optimizer's iteration, on any backend.

    Those of the validation are the group `eval`, the others `train`. The epochs, the steps of one,
    the optimizer and its learning rate are written down as parameters.

    It records into `run`, else into the run that is open (`with runs.start(...)`); else it begins a
    run with each fit and ends it with that.

    Args:
        run: Which run.
        name, params, tags, note, root: Of the run that it begins, see `kerasrun.runs.start`.
    """

    async_safe = True  # Keras need not wait for us after each batch

    def __init__(self, run: TrackedRun | None = None, **of_new_run: Any) -> None:
        super().__init__()
        if run is not None and of_new_run:
            raise TypeError(
                f"{', '.join(sorted(of_new_run))}: of a run that it begins; found a run as well"
            )
        self._given, self._of_new_run = run, of_new_run
        self._own: TrackedRun | None = None
        self._reporting = threading.Lock()

    @property
    def run(self) -> TrackedRun | None:
        """The run that is recorded, or was last; None before the first fit."""
        return self._given or self._own or open_run()

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Begins the run, or finds the one that is open."""
        if self._own is not None and not self._own.ended:
            self._own.finish(RuntimeError("its fit did not come to an end"))
        self._own = None
        run = self.run
        if run is None:
            run = self._own = start(**self._of_new_run)
        self._run = run
        run.add_params(self._fit_params(), origin="model.fit")
        self._begun_at = self._last_step = _iterations(self.model)
        self._rate = _learning_rate(self.model)
        self._max_steps: int | None = None
        self._first_epoch: int | None = None
        self._epoch_trained: float | None = None
        self._batches = self._before_epoch = 0
        self._reported = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Starts the clock, and tells where training ends."""
        self._epoch_began, self._epoch_trained = time.monotonic(), None
        self._before_epoch = self._batches
        if self._first_epoch is None:
            self._first_epoch = epoch
            self._max_steps = self._steps_in_all(epoch)
            self._run.progress(self._begun_at, max_steps=self._max_steps)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Counts, and now and then says that training is at work."""
        self._batches = self._before_epoch + batch + 1
        now = time.monotonic()
        if now - self._reported < _PROGRESS_EVERY_SECS or not self._reporting.acquire(False):
            return
        try:
            self._reported = now
            self._run.progress(self._begun_at + self._updates(), max_steps=self._max_steps)
        finally:
            self._reporting.release()

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """The epoch's training is over, its validation begins."""
        self._epoch_trained = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Records the epoch's metrics."""
        step = _iterations(self.model)
        if step == self._begun_at:  # a train_step of the user's own, with other optimizers
            step += self._updates()
        secs = (self._epoch_trained or time.monotonic()) - self._epoch_began
        speed = (step - self._last_step) / secs if secs > 0 else None
        self._last_step = step
        found = dict(logs or {})
        values = {k: v for k, v in found.items() if not k.startswith(_EVAL_PREFIX)}
        rate = _learning_rate(self.model)
        if rate is not None and rate != self._rate:
            values.setdefault("learning_rate", rate)
        self._run.progress(step, max_steps=self._max_steps, steps_per_sec=speed)
        self._run.log({**values, **({"global_step/sec": speed} if speed else {})}, step=step)
        validation = {
            k.removeprefix(_EVAL_PREFIX): v for k, v in found.items() if k.startswith(_EVAL_PREFIX)
        }
        if validation:
            self._run.log(validation, step=step, group="eval")

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Ends the run, if it was begun here."""
        if self._own is not None:
            self._own.finish()

    def _fit_params(self) -> dict[str, Any]:
        known = self.params or {}
        optimizer = getattr(self.model, "optimizer", None)
        found = {
            "epochs": known.get("epochs"),
            "steps_per_epoch": known.get("steps"),
            "optimizer": None if optimizer is None else type(optimizer).__name__,
            "learning_rate": _schedule_name(optimizer) or _learning_rate(self.model),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _steps_in_all(self, first_epoch: int) -> int | None:
        known = self.params or {}
        epochs, steps = known.get("epochs"), known.get("steps")
        if not epochs or not steps:
            return None
        return self._begun_at + int((epochs - first_epoch) * steps) // _accumulation(self.model)

    def _updates(self) -> int:
        return self._batches // _accumulation(self.model)


def _iterations(model: Any) -> int:
    optimizer = getattr(model, "optimizer", None)
    return 0 if optimizer is None else int(_number(optimizer.iterations))


def _learning_rate(model: Any) -> float | None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not hasattr(optimizer, "learning_rate"):
        return None
    # As it was written: 0.001 is no float32.
    return float(f"{_number(optimizer.learning_rate):.6g}")


def _schedule_name(optimizer: Any) -> str | None:
    rate = getattr(optimizer, "_learning_rate", None)
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    return type(rate).__name__ if is_schedule else None


def _accumulation(model: Any) -> int:
    """How many batches make one update of the optimizer."""
    steps = getattr(getattr(model, "optimizer", None), "gradient_accumulation_steps", None)
    return int(steps or 1)


def _number(value: Any) -> float:
    return float(keras.ops.convert_to_numpy(value))
