"""`mlrun restore`: brings runs back from the trash."""

import sys
from typing import Annotated

import typer

from kerasrun.cli.options import Json, Root


def restore(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Which runs in the trash: an id, the beginning or end of one, a name, or @last.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that lie there.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Bring runs back from the trash."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.trash import restore as restore_run
    from kerasrun.runs.trash import to_restore

    with readable_errors():
        if bool(runs) == every:
            raise UsageError("which runs? Name those in the trash, or give --all, not both")
        folder = runs_root(root)
        found = to_restore(runs, folder)
        if not found:
            print("the trash is empty", file=sys.stderr)
        restored = []
        try:
            for trashed in found:
                restored.append(restore_run(trashed, folder))
        finally:
            if json:
                entries = [{"id": path.name, "dir": str(path)} for path in restored]
                print(to_text({"schema": SCHEMA, "restored": entries}))
            else:
                for path in restored:
                    print(f"restored {path.name}", flush=True)
