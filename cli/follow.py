"""Follows a run on the screen and says how it ended: for `mlrun train` and `mlrun resume`."""

import contextlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import typer

from kerasrun.cli.errors import complain
from kerasrun.cli.progress import Screen, screen_for
from kerasrun.runs.supervisor import Ended


class Follower:
    """Owns the screen while a run is followed.

    Args:
        json: Whether stdout is kept for one JSON object at the end; then the lines go to stderr.
        traceback: Whether the traceback of a failed run is printed.
    """

    def __init__(self, *, json: bool, traceback: bool = False) -> None:
        self._json = json
        self._traceback = traceback
        self._screen: Screen | None = None

    def __enter__(self) -> "Follower":
        """A reader of ours that goes away must not end the training: see `PlainScreen.line`."""
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves the terminal in order."""
        if self._screen is not None:
            self._screen.close()

    def screen_for(self, folder: Path, record: Mapping[str, Any]) -> Screen:
        """The screen for the run in `folder`."""
        self._screen = screen_for(folder, record, sys.stderr if self._json else sys.stdout)
        return self._screen

    def finish(self, folder: Path, ended: Ended, *, code: int | None = None) -> None:
        """The last lines, and the exit code.

        Args:
            folder: The run's.
            ended: How it ended.
            code: What to exit with; None: what the outcome says.

        Raises:
            typer.Exit: With the exit code.
        """
        outcome, short = ended.outcome, folder.name[-4:]
        if self._screen is not None:
            self._screen.close()
            if outcome.status == "completed":
                self._screen.done()
        if outcome.status == "stopped":
            print(_stopped(folder, ended), file=sys.stderr)
        elif outcome.status != "completed":
            if self._traceback:
                print(ended.traceback, end="", file=sys.stderr)
            complain(f"{_what(ended)} (mlrun show {short}; output: {folder}/output.log)")
        if self._json:
            self._print_json(folder)
        raise typer.Exit(outcome.command_code if code is None else code)

    def _print_json(self, folder: Path) -> None:
        from kerasrun.cli.json_shape import run_json, to_text
        from kerasrun.runs.run import read_run

        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile: the error above says so
            print(to_text(run_json(read_run(folder))))


def _stopped(folder: Path, ended: Ended) -> str:
    from kerasrun.runs.latest_step import latest_step

    step = latest_step(folder)
    kept = "before its first checkpoint" if step is None else f"with a checkpoint of step {step:,}"
    return f"stopped by {ended.outcome.signal} {kept}.   mlrun resume {folder.name[-4:]}"


def _what(ended: Ended) -> str:
    outcome = ended.outcome
    return f"killed: {outcome.reason}" if outcome.status == "killed" else outcome.reason
