"""What the Estimator tells goes on to the screen and into `metrics.json`.

It imports the bridge, so only the worker may import it.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kerasrun.bridge.loop_choice import LoopChoice  # noqa: TID253 (see above)
from kerasrun.bridge.observer import Observer, Progress  # noqa: TID253 (see above)
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.metrics import MetricsFile
from kerasrun.runs.worker import Work


class RunObserver(Observer):
    """Passes on what it hears.

    Args:
        work: The worker's.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._begun = 0

    def train_begin(self, step: int, max_steps: int | None) -> None:
        """Tells the screen; what comes again after `step` is not counted again."""
        self._begun = step
        self._work.metrics.resumed_at(step)
        self._work.events.send("ready", step=step, max_steps=max_steps)

    def progress(self, progress: Progress) -> None:
        """Notes the metrics; from the first step on, errors are those of the run."""
        values = dict(progress.metrics)
        if progress.step > self._begun:
            self._work.began = True
        self._work.metrics.progress(
            progress.step, progress.max_steps, values, progress.steps_per_sec
        )
        self._work.events.send(
            "progress",
            step=progress.step,
            max_steps=progress.max_steps,
            metrics=values,
            steps_per_sec=progress.steps_per_sec,
        )

    def loop_chosen(self, choice: LoopChoice) -> None:
        """Notes how the steps are run."""
        self._work.metrics.loop_chosen(choice.loop, choice.why, choice.secs_per_step)

    def checkpoint_saved(self, path: str, step: int) -> None:
        """Notes the checkpoint, in a folder that is still there or was made anew for it."""
        self._work.restore()
        self._work.began = self._work.began or step > self._begun
        self._work.metrics.checkpoint_saved(path, step)
        self._work.events.send("checkpoint", path=path, step=step)

    def evaluated(self, name: str | None, result: Mapping[str, Any], checkpoint_path: str) -> None:
        """Notes the result."""
        values = {key: float(value) for key, value in result.items() if key != "global_step"}
        step = int(result["global_step"])
        self._work.metrics.evaluated(name, step, values, checkpoint_path)
        self._work.events.send("evaluated", name=name, step=step, metrics=values)

    def exported(self, exporter_name: str, path: str, examples: int, difference: float) -> None:
        """Tells the screen."""
        self._work.events.send(
            "exported", name=exporter_name, path=path, examples=examples, difference=difference
        )

    def notice(self, text: str) -> None:
        """Prints it: the output is kept, and shown as it comes."""
        print(f"note    {text}", flush=True)


class PrintingObserver(Observer):
    """Prints what the Estimator has to say, and writes nothing.

    Attributes:
        began: Whether a step of training was done.
    """

    def __init__(self) -> None:
        self._begun = 0
        self.began = False

    def train_begin(self, step: int, max_steps: int | None) -> None:
        """Notes where training begins."""
        self._begun = step

    def progress(self, progress: Progress) -> None:
        """From the first step on, errors are those of the run."""
        self.began = self.began or progress.step > self._begun

    def notice(self, text: str) -> None:
        """Prints it."""
        print(f"note    {text}", flush=True)


class EvaluationObserver(PrintingObserver):
    """Writes what an evaluator finds into a file that only it writes.

    Args:
        files: The run's.
    """

    def __init__(self, files: RunFiles) -> None:
        super().__init__()
        self._metrics = MetricsFile(files, path=files.evaluations_json)

    def evaluated(self, name: str | None, result: Mapping[str, Any], checkpoint_path: str) -> None:
        """Notes the result."""
        values = {key: float(value) for key, value in result.items() if key != "global_step"}
        self._metrics.evaluated(name, int(result["global_step"]), values)
        print(f"evaluated step {int(result['global_step']):,}", flush=True)


@contextmanager
def notices_told_once() -> Iterator[None]:
    """Within it notices stay out of TensorFlow's log, as the observer has printed them."""

    def is_no_notice(record: logging.LogRecord) -> bool:
        return not getattr(record, "notice", False)

    logger = logging.getLogger("tensorflow")
    logger.addFilter(is_no_notice)
    try:
        yield
    finally:
        logger.removeFilter(is_no_notice)
