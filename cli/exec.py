"""`mlrun exec`: runs a program as it is, recorded as a run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.options import Json, Root, Verbose

if TYPE_CHECKING:
    from kerasrun.cli.progress import Screen

# What comes after the program's path is the program's; `-m MODULE` is read by hand for that.
CONTEXT = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def exec(
    program: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROGRAM [ARG]",
            help="A Python file, or -m MODULE as for Python; all that comes after it is its own.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call the run.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help="A word to find the run by; see mlrun tag. May be given many times.",
            show_default=False,
        ),
    ] = None,
    note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What is to be remembered about it; see mlrun note."),
    ] = None,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run an unchanged program with tf.estimator in its place; recorded as a new run."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.follow import Follower
    from kerasrun.cli.lines import run_line
    from kerasrun.cli.train import check_name
    from kerasrun.runs.program import ProgramOrder, launch_program
    from kerasrun.runs.root import runs_root

    with readable_errors():
        check_name(name)
        order = ProgramOrder(
            words=program or [],
            argv=["mlrun", *sys.argv[1:]],
            cwd=Path.cwd(),
            name=name,
            tags=tag or [],
            note=note,
        )
        with Follower(json=json) as follower:

            def announced(run_dir: Path, record: dict[str, Any]) -> "Screen":
                screen = follower.screen_for(run_dir, record)
                screen.line(run_line(run_dir, record))
                return screen

            folder = runs_root(root)
            run_dir, ended = launch_program(order, folder, listener_for=announced, verbose=verbose)
            follower.finish(run_dir, ended, code=ended.outcome.code)
