"""`mlrun rm`: moves runs to the trash."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kerasrun.cli.confirm import Yes
from kerasrun.cli.options import Json, Root, RunNames, Where


def rm(
    runs: RunNames = None,
    where: Where = None,
    yes: Yes = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop those that are at work first.")
    ] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Move runs to the trash; `mlrun restore` brings them back, `mlrun gc` deletes them."""
    from kerasrun.cli.confirm import confirm, counted, size
    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.disk import bytes_in
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.trash import check_can_be_removed, folders_of, move_to_trash

    with readable_errors():
        if not runs and where is None:
            raise UsageError("which runs? Name them, or give --where")
        folders = folders_of(runs or [], runs_root(root), where=where)
        if not folders:
            told = f"no run fulfils --where {where!r}" if where else "no trial of it is left"
            print(told, file=sys.stderr)
        if not stop:
            check_can_be_removed(folders)
        sizes = [bytes_in(folder) for folder in folders]
        if folders:
            what = f"{counted(len(folders), 'run')}, {size(sum(sizes))}, {_newest(folders)}"
            confirm(what, "Move to trash?", yes=yes)
        if stop:
            _stop(folders)
            check_can_be_removed(folders)
        moved: list[Path] = []
        try:
            for folder in folders:
                moved.append(move_to_trash(folder))
        finally:
            _tell(moved, sizes, root, json=json)


def _newest(folders: Sequence[Path]) -> str:
    from kerasrun.cli.columns import age
    from kerasrun.runs import clock
    from kerasrun.runs.ids import started_at

    newest = max(started_at(folder.name) for folder in folders)
    return f"newest {age((clock.now() - newest).total_seconds())} old"


def _stop(folders: Sequence[Path]) -> None:
    from kerasrun.runs.at_work import is_at_work
    from kerasrun.runs.run import read_run
    from kerasrun.runs.stop import stop

    for folder in folders:
        if is_at_work(folder):
            ended = stop(read_run(folder), notice=lambda text: print(text, file=sys.stderr))
            print(f"run {ended.id} {ended.status}", file=sys.stderr)


def _tell(moved: Sequence[Path], sizes: Sequence[int], root: str | None, *, json: bool) -> None:
    from kerasrun.cli.confirm import counted, size
    from kerasrun.cli.json_shape import SCHEMA, to_text

    if json:
        entries = [
            {"id": folder.name, "dir": str(folder), "bytes": number}
            for folder, number in zip(moved, sizes, strict=False)
        ]
        print(to_text({"schema": SCHEMA, "moved": entries}))
    elif moved:
        ids = " ".join(folder.name for folder in moved)
        where = f" --root {shlex.quote(root)}" if root else ""
        told = f"moved {counted(len(moved), 'run')}, {size(sum(sizes[: len(moved)]))}"
        print(f"{told}. Undo: mlrun restore {ids}{where}", flush=True)
