"""A run of your own script: `with runs.start(...) as run`, and `run.log(...)` inside it.

from kerasrun import runs

with runs.start("baseline", params={"lr": 0.01}) as run:
    for step in range(100):
        run.log({"loss": 1 / (step + 1)}, step=step)
"""

import atexit
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from kerasrun.runs.attempt import Request, begin_attempt
from kerasrun.runs.errors import RunError
from kerasrun.runs.heartbeat import Heartbeat
from kerasrun.runs.json_file import write_json
from kerasrun.runs.labels import change_labels
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import FileLock
from kerasrun.runs.metrics import MetricsFile
from kerasrun.runs.outcome import Outcome, describe, outcome_of_error, write_outcome
from kerasrun.runs.root import runs_root
from kerasrun.runs.signals import exit_on_signal, handlers
from kerasrun.runs.tracked_record import (
    check_group,
    checked_labels,
    claim_run,
    entries,
    scalars,
)

_LOGGER = logging.getLogger("kerasrun")
_WRITE_EVERY_SECS = 2.0
_open: list["TrackedRun"] = []


def start(
    name: str | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    root: str | os.PathLike[str] | None = None,
    tags: Iterable[str] = (),
    note: str = "",
    seed: int | None = None,
) -> "TrackedRun":
    """Begins a run of this process, beside those that `mlrun train` makes.

    End it by leaving the `with` block or by `finish()`. A process that is killed meanwhile leaves
    it `crashed`; whatever else happens to the disk never stops your training. What the process
    prints is not captured.

    Args:
        name: What to call it.
        params: Hyperparameters by name; one that is a mapping becomes `outer.inner`.
        root: Where runs live. Default: as for the command, `KERASRUN_ROOT`, else `./runs`.
        tags: Words to find it by.
        note: Free text.
        seed: Written down only; `keras.utils.set_random_seed` makes it so.

    Raises:
        ValueError: The name or a tag cannot be used on a command line.
        UsageError: The root cannot be written.
    """
    labels = checked_labels(name, tags, note)
    run = TrackedRun(claim_run(runs_root(root), name, entries(params or {}, "script"), seed))
    if labels.tags or labels.note:
        run.tag(*labels.tags)
        run.note(labels.note)
    return run


def open_run() -> "TrackedRun | None":
    """The run that this process began last and has not ended; None when there is none."""
    return _open[-1] if _open else None


class TrackedRun:
    """A run that this process is doing; `start` makes it.

    Attributes:
        folder: Where its files lie; put what else belongs to it there.
    """

    def __init__(self, files: RunFiles) -> None:
        self._files = files
        self.folder: Path = files.folder
        self._pid = os.getpid()
        self._mutex = threading.RLock()
        self._warned = False
        self._stack = ExitStack()  # the lock and the heartbeat: they end with the run
        self._signals = ExitStack()
        self._stack.enter_context(FileLock(files.lock))
        self._stack.enter_context(Heartbeat(files.heartbeat))
        self._record = begin_attempt(files, Request(argv=list(sys.orig_argv)))
        self._metrics = MetricsFile(files, every_secs=_WRITE_EVERY_SECS, failed=self._warn)
        self._events: dict[str, Any] = {}
        self._step = -1
        self._outcome: Outcome | None = None
        _open.append(self)
        atexit.register(self._process_ends)

    @property
    def id(self) -> str:
        """The run's id, for `mlrun show` and the like."""
        return self.folder.name

    @property
    def params(self) -> dict[str, Any]:
        """The hyperparameters by name, as they are written down."""
        return {name: entry["value"] for name, entry in self._record["params"].items()}

    @property
    def ended(self) -> bool:
        """Whether it has an outcome; nothing more is recorded then."""
        return self._outcome is not None

    def __enter__(self) -> "TrackedRun":
        """Until it is left, SIGTERM raises `SystemExit`, unless you handle the signal yourself.

        An Estimator that trains meanwhile saves a checkpoint first.
        """
        from kerasrun.bridge.interrupts import counts_as_default

        counts_as_default(exit_on_signal)
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._signals.enter_context(handlers({int(signal.SIGTERM): exit_on_signal}))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the run: completed, or failed or stopped by the exception, which goes on."""
        self._signals.close()
        self.finish(error)

    def log(
        self, values: Mapping[str, Any], *, step: int | None = None, group: str = "train"
    ) -> None:
        """Records a point of each metric.

        Args:
            values: Numbers by name; arrays and tensors of one element will do.
            step: Which; None: one after the last of `train`; of another group, that last one.
            group: `train`, `eval`, or another word.

        Raises:
            TypeError, ValueError: A value is no number, the step is negative, or the group no word.
        """
        check_group(group)
        found = scalars(values)
        with self._mutex:
            if step is None:
                step = self._step + 1 if group == "train" else max(self._step, 0)
            step = int(step)
            if step < 0:
                raise ValueError(f"step must not be negative, found {step}")
            if not self._records():
                return
            self._step = max(step, self._step)
            self._metrics.points(group, step, found)
            try:
                self._file_of(group).add(step, found)
            except OSError as error:
                self._warn(error)

    def progress(
        self, step: int, *, max_steps: int | None = None, steps_per_sec: float | None = None
    ) -> None:
        """Tells `mlrun runs` how far it has come, without a point of any metric."""
        with self._mutex:
            if self._records():
                self._metrics.progress(int(step), max_steps, {}, steps_per_sec)

    def add_params(self, params: Mapping[str, Any], *, origin: str = "script") -> None:
        """Writes down more hyperparameters; those of a name that is there are kept as they are."""
        with self._mutex:
            if not self._records():
                return
            known = self._record["params"]
            self._record["params"] = {**known, **entries(params, origin), **known}
            try:
                write_json(self._files.run_json, self._record)
            except OSError as error:
                self._warn(error)

    def tag(self, *tags: str) -> None:
        """Adds words to find it by.

        Raises:
            ValueError: One cannot be named on a command line.
        """
        self._label(add=checked_labels(None, tags).tags)

    def note(self, text: str) -> None:
        """Replaces the note."""
        self._label(note=text)

    def finish(self, error: BaseException | None = None) -> None:
        """Ends the run, once.

        Args:
            error: What went wrong; None: nothing, the run is completed.
        """
        with self._mutex:
            if self._outcome is not None or os.getpid() != self._pid:
                return
            if error is None:
                self._outcome = Outcome("completed", 0, began=True)
            else:
                self._outcome = outcome_of_error(error, began=True, attempt=1)
            if error is not None and self._outcome.status == "failed":
                self._keep_traceback(error)
            self._metrics.write()
            write_outcome(self._files, self._outcome)
            for file in self._events.values():
                file.close()
            self._stack.close()
            _open.remove(self)
            atexit.unregister(self._process_ends)

    def _records(self) -> bool:
        """Not after its end, and not in a child process, whose lock this is not."""
        return self._outcome is None and os.getpid() == self._pid

    def _file_of(self, group: str) -> Any:
        from kerasrun.runs.scalar_file import ScalarFile

        if group not in self._events:
            folder = self.folder if group == "train" else self.folder / group
            self._events[group] = ScalarFile(folder)
        return self._events[group]

    def _label(self, **changes: Any) -> None:
        try:
            change_labels(self._files, **changes)
        except RunError as error:
            self._warn(error)

    def _keep_traceback(self, error: BaseException) -> None:
        lines = "".join(traceback.format_exception(error))
        with suppress(OSError), self._files.output_log.open("a", encoding="utf-8") as log:
            log.write(lines)

    def _warn(self, error: BaseException) -> None:
        if not self._warned:
            self._warned = True
            _LOGGER.warning(
                "run %s cannot be recorded whole (%s): the work goes on", self.id, describe(error)
            )

    def _process_ends(self) -> None:
        """Python ends and nobody has ended the run: an error that ended it is known."""
        error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
        if error is not None:
            self.finish(error)
