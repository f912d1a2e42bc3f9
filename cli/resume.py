"""`mlrun resume`: goes on with a run in its own folder."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.options import Json, Root, RunName, Traceback, Verbose

if TYPE_CHECKING:
    from kerasrun.cli.progress import Screen
    from kerasrun.runs.run import Run


def resume(
    run: RunName,
    max_steps: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="A new end of training. Default: the run's own."),
    ] = None,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
    traceback: Traceback = False,
) -> None:
    """Go on with a run from its newest checkpoint, in the same folder."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.follow import Follower
    from kerasrun.runs.attempt import Request
    from kerasrun.runs.query import find_run
    from kerasrun.runs.resume import NothingToTrain, latest_step
    from kerasrun.runs.resume import resume as resume_run
    from kerasrun.runs.root import runs_root

    with readable_errors(traceback=traceback and not verbose):
        found = find_run(run, runs_root(root))
        request = Request(argv=["mlrun", *sys.argv[1:]], max_steps=max_steps)
        with Follower(json=json, traceback=traceback and not verbose) as follower:

            def announced(folder: Path, record: dict[str, Any]) -> "Screen":
                screen = follower.screen_for(folder, record)
                screen.line(_resuming(found, latest_step(folder)))
                return screen

            ended = resume_run(found, request, listener_for=announced, verbose=verbose)
            if isinstance(ended, NothingToTrain):
                print(ended)
                return
            follower.finish(found.folder, ended)


def _resuming(run: "Run", step: int | None) -> str:
    begin = f"model.ckpt-{step}" if step is not None else "the beginning"
    number = len(run.attempts)
    return f"resume  from {begin} (attempt {number + 1}; attempt {number}: {run.status})"
