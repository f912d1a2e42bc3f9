"""The screen of a sweep: a line for each trial that ends, and below them one that moves."""

import contextlib
import math
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

from kerasrun.cli.sweep_table import best_text, counts_text, end_line, trial_text

if TYPE_CHECKING:
    from kerasrun.runs.sweep.files import SweepFiles
    from kerasrun.runs.sweep.plan import Plan, Trial
    from kerasrun.runs.sweep.states import TrialState

_EVERY_SECS = 1.0


class SweepScreen:
    """Shows what happens.

    Args:
        files: The sweep's.
        plan: What is tried.
        out: Where the lines go.
        monotonic: A clock in seconds.
    """

    def __init__(
        self,
        files: "SweepFiles",
        plan: "Plan",
        out: IO[str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files, self._plan, self._out = files, plan, out
        self._monotonic = monotonic
        self._moves = out.isatty() and os.environ.get("TERM") != "dumb"
        self._last = ""
        self._next = -math.inf

    def began(self, trial: "Trial", how: str) -> None:
        """Worth a line only where the trial was begun before."""
        if how != "started":
            word = {"joined": "is at work still", "resumed": "goes on from its checkpoint"}[how]
            text = trial_text(trial, list(trial.params))
            self.line(f"trial   {trial.number}   {(trial.run or '')[-4:]}   {word}   {text}")

    def ended(self, state: "TrialState") -> None:
        """A line of its own."""
        self.line(end_line(state, self._plan))

    def moved(self) -> None:
        """Draws the moving line anew, once a second, on a terminal only."""
        now = self._monotonic()
        if not self._moves or now < self._next:
            return
        from kerasrun.runs.sweep.states import read_states

        states = read_states(self._files, self._plan)
        # Thousands of trials take their time to be read: a twentieth of it is for that.
        self._next = now + max(_EVERY_SECS, 20 * (self._monotonic() - now))
        parts = [counts_text(states, self._plan.number), best_text(states, self._plan)]
        text = "        " + "   ".join(part for part in parts if part)
        self._last = text[: max(20, shutil.get_terminal_size().columns - 1)]
        self._write(f"\r\x1b[K{self._last}")

    def notice(self, text: str) -> None:
        """A word to stderr."""
        self.clear()
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr, flush=True)

    def line(self, text: str) -> None:
        """A line that stays, above the moving one."""
        self.clear()
        self._write(f"{text}\n")
        self._next = min(self._next, self._monotonic())

    def clear(self) -> None:
        """Takes the moving line away."""
        if self._last:
            self._last = ""
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        # A reader that has gone away (`| head`), or a disk that is full, does not end the trials.
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
