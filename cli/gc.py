"""`mlrun gc`: frees disk: what lies in the trash, and checkpoints that are not needed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kerasrun.cli.confirm import Yes
from kerasrun.cli.options import Json, Root, Where

if TYPE_CHECKING:
    from kerasrun.runs.checkpoint_space import Spare


def gc(
    trash: Annotated[
        bool, typer.Option("--trash", help="Delete for good what lies in the trash.")
    ] = False,
    checkpoints: Annotated[
        bool,
        typer.Option(
            "--checkpoints", help="Remove the older checkpoints of the runs that have ended."
        ),
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="How many of the newest stay in each run. Default: 1."
        ),
    ] = None,
    where: Where = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be freed.")
    ] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Free disk: delete what is in the trash, or remove old checkpoints of ended runs."""
    from kerasrun.cli.confirm import confirm, size
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.sweep.removal import delete_empty_sweeps
    from kerasrun.runs.trash import delete_trashed, trashed

    with readable_errors():
        _check(trash=trash, checkpoints=checkpoints, keep=keep, where=where)
        folder = runs_root(root)
        doomed = trashed(folder) if trash else []
        spare = _spare(folder, where, keep or 1) if checkpoints else []
        what, number = _what(doomed, spare)
        failed = 0
        if (doomed or spare) and not dry_run:
            confirm(f"{what}, {size(number)}", "Delete for good?", yes=yes)
            number, failed = _free(spare, keep or 1)
        if trash and not dry_run:
            number += delete_trashed(folder, doomed)
            delete_empty_sweeps(folder)
        if json:
            content = {
                "trash": [path.name for path in doomed],
                "checkpoints": [{"run": s.folder.name, "names": list(s.names)} for s in spare],
            }
            print(to_text({"schema": SCHEMA, "dry_run": dry_run, "bytes": number, **content}))
        elif doomed or spare:
            print(f"{'would free' if dry_run else 'freed'} {size(number)}: {what}")
        else:
            print("nothing to free", file=sys.stderr)
        if failed:
            raise typer.Exit(failed)


def _check(*, trash: bool, checkpoints: bool, keep: int | None, where: str | None) -> None:
    from kerasrun.runs.errors import UsageError

    if not (trash or checkpoints):
        raise UsageError("what shall be freed? Give --trash, --checkpoints or both")
    for option, value in (("--keep", keep), ("--where", where)):
        if value is not None and not checkpoints:
            raise UsageError(f"{option} is about checkpoints: it needs --checkpoints")


def _spare(root: Path, where: str | None, keep: int) -> "list[Spare]":
    """What can be removed, of each ended run that has something."""
    from kerasrun.runs.checkpoint_space import spare_checkpoints
    from kerasrun.runs.listing import list_runs

    listing = list_runs(root, where=where)
    for error in listing.unreadable:
        print(f"warning: {error}", file=sys.stderr)
    active = [run.id for run in listing.runs if run.status.active]
    if active:
        print(f"at work, left alone: {', '.join(active)}", file=sys.stderr)
    ended = [run.folder for run in listing.runs if not run.status.active]
    return [spare for folder in ended if (spare := spare_checkpoints(folder, keep)).names]


def _free(spare: "Sequence[Spare]", keep: int) -> tuple[int, int]:
    """Removes them; returns how many bytes that has freed, and an exit code."""
    from kerasrun.cli.errors import complain
    from kerasrun.runs.checkpoint_space import free_checkpoints
    from kerasrun.runs.errors import RunError

    number, failed = 0, 0
    for one in spare:
        try:
            number += free_checkpoints(one.folder, keep).bytes
        except RunError as error:  # the others are freed all the same
            complain(str(error))
            failed = error.exit_code
    return number, failed


def _what(doomed: Sequence[Path], spare: "Sequence[Spare]") -> tuple[str, int]:
    """Both in words, and how many bytes they take."""
    from kerasrun.cli.confirm import counted
    from kerasrun.runs.disk import bytes_in

    words = [f"{counted(len(doomed), 'run')} in the trash"] if doomed else []
    if spare:
        names = counted(sum(len(one.names) for one in spare), "checkpoint")
        words.append(f"{names} of {counted(len(spare), 'run')}")
    number = sum(bytes_in(path) for path in doomed) + sum(one.bytes for one in spare)
    return " and ".join(words), number
