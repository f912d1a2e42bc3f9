"""`mlrun report`: runs, their curves and how they came about, as one page of HTML."""

from pathlib import Path
from typing import Annotated

import typer

from kerasrun.cli.options import Json, Root, RunNames, Where


def report(
    run: RunNames = None,
    where: Where = None,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The page; one that is there is replaced.")
    ] = Path("report.html"),
    title: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Its title. Default: the run, or how many runs."),
    ] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Write a page about runs to keep or send: one file that needs no network."""
    import sys

    from kerasrun.cli.errors import readable_errors, warn_of
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.cli.report_page import page
    from kerasrun.cli.whole_file import written_whole
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.query import find_runs
    from kerasrun.runs.root import runs_root

    with readable_errors():
        if not run and where is None:
            raise UsageError("which runs? Name one or more, or give --where CONDITION")
        if out.is_dir():
            raise UsageError(f"--out {out}: it is a folder")
        found = find_runs(run or [], runs_root(root), where=where, unreadable=warn_of)
        if not found:
            raise UsageError(f"no run fulfils --where {where!r}")
        text = page(found, title)
        with written_whole(out) as aside:
            aside.write_text(text, encoding="utf-8")
        if json:
            print(to_text({"schema": SCHEMA, "out": str(out), "runs": [one.id for one in found]}))
        print(f"wrote {out}", file=sys.stderr)
