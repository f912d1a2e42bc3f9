"""The screen of a training: a live bar on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kerasrun.cli import lines
from kerasrun.runs.records import PROGRAM
from kerasrun.runs.saved_models import newest_saved_model

if TYPE_CHECKING:
    from rich.progress import Progress

_PLAIN_EVERY_SECS = 30.0


class PlainScreen:
    """One line for each evaluation, and at most one every 30 s for the training.

    Args:
        folder: The run's.
        record: Its record.
        out: Where the lines go.
        monotonic: A clock in seconds.
    """

    def __init__(
        self,
        folder: Path,
        record: Mapping[str, Any],
        out: IO[str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._record = record
        self._out: IO[str] | None = out
        self._monotonic = monotonic
        self._begun = monotonic()
        self._last_line = self._begun
        self._export: Mapping[str, Any] | None = None
        self._announced = False

    def event(self, event: Mapping[str, Any]) -> None:
        """Shows what is worth a line."""
        kind = event["event"]
        if kind == "ready" and not self._announced:  # again after a restart
            self._announced = True
            self.line(lines.run_line(self._folder, self._record))
        elif kind == "evaluated":
            self.line(lines.eval_line(event))
        elif kind == "exported":
            self._export = event
        elif kind == "progress":
            self._progress(event)

    def output(self, line: str) -> None:
        """What the model file printed goes to stderr."""
        print(line, file=sys.stderr, flush=True)

    def notice(self, text: str) -> None:
        """A word of the supervisor goes to stderr."""
        print(text, file=sys.stderr, flush=True)

    def done(self) -> None:
        """The last lines of a run that completed."""
        if self._export:
            self.line(lines.export_line(self._folder, self._export))
        exported = newest_saved_model(self._folder) is not None
        seconds = self._monotonic() - self._begun
        self.line(lines.done_line(self._folder, seconds, exported=exported))

    def close(self) -> None:
        """Nothing is held open here."""

    def line(self, text: str) -> None:
        """Prints one line; a reader that has gone away (`| head`) does not end the training."""
        out = self._out
        if out is None:
            return
        try:
            print(text, file=out, flush=True)
        except BrokenPipeError:
            self._out = None
            # Python flushes it once more at its end: let that go nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        self._last_line = self._monotonic()

    def _progress(self, event: Mapping[str, Any]) -> None:
        if self._monotonic() - self._last_line >= _PLAIN_EVERY_SECS:
            self.line(lines.train_line(event))


class TerminalScreen(PlainScreen):
    """A bar that moves, with the lines above it.

    Args:
        folder: The run's.
        record: Its record.
        out: A terminal.
    """

    def __init__(self, folder: Path, record: Mapping[str, Any], out: IO[str]) -> None:
        super().__init__(folder, record, out)
        self._moved = False
        self._bar = _new_bar(out)
        self._task = self._bar.add_task(
            "start", total=None, how_far=folder.name, text="starting TensorFlow"
        )
        self._bar.start()

    def event(self, event: Mapping[str, Any]) -> None:
        """Moves the bar too."""
        if event["event"] == "ready":
            self._move(event, "")
        elif event["event"] == "evaluated":  # its checkpoint is newer than the last progress
            self._bar.update(self._task, completed=event["step"])
        super().event(event)

    def output(self, line: str) -> None:
        """What the model file printed goes above the bar."""
        self._above(line)

    def notice(self, text: str) -> None:
        """A word of the supervisor goes above the bar."""
        self._above(text)

    def close(self) -> None:
        """Leaves the bar as it stands; one that has not moved is taken away."""
        self._bar.update(self._task, visible=self._moved)
        self._bar.stop()

    def line(self, text: str) -> None:
        """Prints one line above the bar."""
        self._above(text)

    def _above(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _progress(self, event: Mapping[str, Any]) -> None:
        self._move(event, lines.train_text(event))

    def _move(self, event: Mapping[str, Any], text: str) -> None:
        self._moved = True
        step, end = event["step"], event.get("max_steps")
        how_far = f"{step:,}/{end:,}" if end else f"step {step:,}"
        self._bar.update(
            self._task, description="train", completed=step, total=end, how_far=how_far, text=text
        )


class ProgramScreen(PlainScreen):
    """What a program prints goes to `out`, our own lines to stderr: it speaks for itself."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Shows what is worth a line; the run has been announced before its first training."""
        if event["event"] != "ready":
            super().event(event)

    def output(self, line: str) -> None:
        """What the program printed."""
        super().line(line)

    def line(self, text: str) -> None:
        """Prints one line of ours."""
        self.notice(text)
        self._last_line = self._monotonic()


Screen = PlainScreen | TerminalScreen | ProgramScreen


def screen_for(folder: Path, record: Mapping[str, Any], out: IO[str]) -> Screen:
    """The screen that suits the run, and where `out` leads."""
    if record.get("kind") == PROGRAM:
        return ProgramScreen(folder, record, out)
    if out.isatty() and os.environ.get("TERM") != "dumb":
        return TerminalScreen(folder, record, out)
    return PlainScreen(folder, record, out)


def _new_bar(out: IO[str]) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.description:<7}"),
        TextColumn("{task.fields[how_far]}", markup=False),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        console=Console(file=out),
    )
