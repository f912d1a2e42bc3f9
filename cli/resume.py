"""`mlrun resume`: goes on with a run in its own folder."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.cluster_options import Engine, MaxRestarts, Workers
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
    workers: Workers = None,
    max_restarts: MaxRestarts = None,
    engine: Engine = None,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
    traceback: Traceback = False,
) -> None:
    """Go on with a run from its newest checkpoint, in the same folder."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.follow import Follower
    from kerasrun.cli.json_shape import run_json, to_text
    from kerasrun.runs.attempt import Request
    from kerasrun.runs.cluster.places import place_from_environ
    from kerasrun.runs.engine import check_workers_of
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.latest_step import latest_step
    from kerasrun.runs.query import find_run
    from kerasrun.runs.resume import NothingToTrain
    from kerasrun.runs.resume import resume as resume_run
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.run import read_run

    with readable_errors(traceback=traceback and not verbose):
        if place_from_environ() is not None:
            raise UsageError(
                "TF_CONFIG names several processes, and a resume starts its own: run the same "
                "`mlrun train --job WORD` in each, which goes on with the job's run"
            )
        check_workers_of(engine)
        found = find_run(run, runs_root(root))
        request = Request(
            argv=["mlrun", *sys.argv[1:]],
            max_steps=max_steps,
            workers=workers,
            max_restarts=max_restarts,
            engine=engine,
        )
        with Follower(json=json, traceback=traceback and not verbose) as follower:

            def announced(folder: Path, record: dict[str, Any]) -> "Screen":
                screen = follower.screen_for(folder, record)
                screen.line(_resuming(found, latest_step(folder)))
                return screen

            ended = resume_run(found, request, listener_for=announced, verbose=verbose)
            if isinstance(ended, NothingToTrain):
                print(ended, file=sys.stderr if json else sys.stdout)
                if json:
                    print(to_text(run_json(read_run(found.folder))))
                return
            follower.finish(found.folder, ended)


def _resuming(run: "Run", step: int | None) -> str:
    begin = f"model.ckpt-{step}" if step is not None else "the beginning"
    number = len(run.attempts)
    return f"resume  from {begin} (attempt {number + 1}; attempt {number}: {run.status})"
