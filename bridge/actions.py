"""*What* happens between the calls of the training loop; each is told the step it follows."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasrun.bridge.observer import Observer, Progress
from kerasrun.bridge.program import Program
from kerasrun.bridge.summaries import SummaryWriter

_LOGGER = logging.getLogger("tensorflow")


class Rate:
    """Updates a second between two calls, in time spent training: pauses do not count.

    Args:
        seconds: How long training has taken up to the step that is told.
        step: Where it begins.
    """

    def __init__(self, seconds: Callable[[], float], step: int) -> None:
        self._seconds = seconds
        self._step, self._last = step, seconds()

    def __call__(self, step: int) -> float | None:
        """Returns the rate since the call before; None if no time has passed."""
        now = self._seconds()
        steps, seconds = step - self._step, now - self._last
        self._step, self._last = step, now
        return steps / seconds if seconds > 0 else None


class TrainingMetrics:
    """`loss` and the compiled metrics, averaged from one summary to the next."""

    def __init__(self, program: Program, step: int) -> None:
        self._program = program
        self._begun = step
        self._latest: Mapping[str, Any] = {}

    def taken(self, step: int, values: Mapping[str, Any]) -> None:
        """The compiled loop has read the averages up to `step` and has started anew."""
        self._begun, self._latest = step, values

    def take(self, step: int) -> Mapping[str, Any]:
        """Returns the averages up to `step` and starts anew."""
        if step != self._begun:
            self.taken(step, self._program.metric_results(training=True))
            self._program.reset_metrics()
        return self._latest

    def look(self, step: int) -> dict[str, float]:
        """Returns the scalars among the averages so far, or those of the summary before."""
        latest = step == self._begun
        values = self._latest if latest else self._program.metric_results(training=True)
        return {name: float(value) for name, value in values.items() if value.ndim == 0}


class WriteSummaries:
    """Writes the training metrics."""

    def __init__(self, metrics: TrainingMetrics, writer: SummaryWriter) -> None:
        self._metrics, self._writer = metrics, writer

    def __call__(self, step: int) -> None:
        """Writes the averages since the summary before."""
        self._writer.scalars(self._metrics.take(step), step)


class LogLoss:
    """Logs the loss, under the words that users of `tf.estimator` search their logs for."""

    def __init__(self, metrics: TrainingMetrics, clock: Callable[[], float] = time.monotonic):
        self._metrics, self._clock = metrics, clock
        self._logged_at: float | None = None

    def __call__(self, step: int) -> None:
        """Logs the average since the summary before, and how long ago it was logged."""
        if not _LOGGER.isEnabledFor(logging.INFO):  # reading the metrics takes time
            return
        now, before = self._clock(), self._logged_at
        since = "" if before is None else f" ({now - before:.3f} sec)"
        _LOGGER.info("loss = %s, step = %d%s", self._metrics.look(step).get("loss"), step, since)
        self._logged_at = now


class WriteStepRate:
    """Writes `global_step/sec`."""

    def __init__(self, rate: Rate, writer: SummaryWriter) -> None:
        self._rate, self._writer = rate, writer

    def __call__(self, step: int) -> None:
        """Writes the rate since the one before."""
        rate = self._rate(step)
        if rate is not None:
            self._writer.scalars({"global_step/sec": rate}, step)
            _LOGGER.info("global_step/sec: %g", rate)


class TellProgress:
    """Tells the observers how far training has come."""

    def __init__(
        self,
        metrics: TrainingMetrics,
        rate: Rate,
        observers: Sequence[Observer],
        stop_at: int | None,
    ) -> None:
        self._metrics, self._rate = metrics, rate
        self._observers, self._stop_at = observers, stop_at

    def __call__(self, step: int) -> None:
        """Tells step, averages and rate."""
        progress = Progress(step, self._stop_at, self._metrics.look(step), self._rate(step))
        for observer in self._observers:
            observer.progress(progress)
