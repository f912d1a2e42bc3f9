"""`mlrun push` and `mlrun pull`: runs sent to a team's server or store, and brought back."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kerasrun.cli.options import Json, Root, RunName, RunNames, Where

To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="URL",
        help="An MLflow server, as mlflow:http://HOST:PORT; else where the folders are copied: "
        "s3://BUCKET/PATH, file:///PATH or any other URL that fsspec knows.",
        show_default=False,
    ),
]


def push(
    runs: RunNames = None,
    *,
    to: To,
    where: Where = None,
    experiment: Annotated[
        str, typer.Option(metavar="NAME", help="The experiment in MLflow; made if there is none.")
    ] = "kerasrun",
    root: Root = None,
    json: Json = False,
) -> None:
    """Send runs to an MLflow server or to a store; those that are there are brought up to date."""
    from kerasrun.cli.errors import readable_errors, warn_of
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.push.destination import destination
    from kerasrun.runs.query import find_runs
    from kerasrun.runs.root import runs_root

    with readable_errors():
        found = find_runs(runs or [], runs_root(root), where=where, unreadable=warn_of)
        _check_some(found, runs, where)
        target = destination(to, experiment=experiment)
        pushed = []
        for run in found:
            place = target.push(run)
            pushed.append({"run": run.id, "to": place})
            if not json:
                print(f"{run.id}  {place}", flush=True)
        if json:
            print(to_text({"schema": SCHEMA, "pushed": pushed}))


def _check_some(found: Sequence[object], runs: list[str] | None, where: str | None) -> None:
    from kerasrun.runs.errors import UsageError

    if not runs and not where:
        raise UsageError("which runs? Name them, or say --where CONDITION")
    if not found:
        print("no run fulfils the condition: nothing was sent", file=sys.stderr)


def pull(
    run: RunName,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="URL", help="Where `mlrun push` has sent it.", show_default=False
        ),
    ],
    root: Root = None,
    json: Json = False,
) -> None:
    """Copy a run from a store to this machine; a copy that is here is replaced."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.errors import NoSuchRun
    from kerasrun.runs.push.copies import pull_run
    from kerasrun.runs.push.remote_root import records_of
    from kerasrun.runs.push.store import Store
    from kerasrun.runs.query import find_id
    from kerasrun.runs.root import runs_root

    with readable_errors():
        store, folder = Store(source), runs_root(root)
        try:
            run_id = find_id(run, records_of(store))
        except NoSuchRun:
            raise NoSuchRun(run, store.url) from None
        target = pull_run(run_id, store, folder)
        if json:
            print(to_text({"schema": SCHEMA, "run": target.name, "dir": str(target)}))
        else:
            print(target)
