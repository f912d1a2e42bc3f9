"""`mlrun runs`: lists the runs, newest first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kerasrun.cli.formats import Format
from kerasrun.cli.options import Json, Root, Where

if TYPE_CHECKING:
    from pathlib import Path

    from kerasrun.runs.listing import Listing


def runs(
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, metavar="N", help="How many at most.")
    ] = 20,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    where: Where = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="SWEEP", help="Only the trials of this sweep.", show_default=False),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS,...",
            help="Only of these: preparing, running, stalled, completed, failed, stopped, killed, "
            "crashed, lost; or active, or ended.",
            show_default=False,
        ),
    ] = None,
    sort: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD,...",
            help="Sort by these; -FIELD has the greatest first. Default: the newest first.",
            show_default=False,
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD,...",
            help="What to show, such as id,lr,accuracy,metric:loss.min. Default: identity, "
            "metrics, and what differs.",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    format_: Format = None,
    json: Json = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a run cannot be read.")
    ] = False,
) -> None:
    """List the runs, newest first: status, age, time, step and last metrics."""
    import sys

    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.formats import chosen_format
    from kerasrun.runs.listing import list_runs
    from kerasrun.runs.root import readable_root

    with readable_errors():
        kind = chosen_format(format_, json=json)
        folder = readable_root(root)
        listing = list_runs(
            folder,
            limit=None if every else number,
            where=_within(sweep, where, folder),
            states=split(status),
            sort=split(sort),
        )
        _print(listing, kind, str(folder), split(columns))
        for error in listing.unreadable:
            print(f"warning: {error}", file=sys.stderr)
        if strict and listing.unreadable:
            raise typer.Exit(1)


def _within(sweep: str | None, where: str | None, root: "Path") -> str | None:
    from kerasrun.runs.sweep.find import find_sweep

    if sweep is None:
        return where
    ours = f"attr:parent = {find_sweep(sweep, root).id}"
    return ours if where is None else f"{ours} and ({where})"


def split(texts: Sequence[str] | None) -> list[str]:
    """`["a,b", "c"]` to `["a", "b", "c"]`."""
    return [part.strip() for text in texts or () for part in text.split(",") if part.strip()]


def _print(listing: "Listing", kind: str, root: str, wanted: list[str]) -> None:
    import json
    import sys

    from kerasrun.cli.columns import column, default_columns
    from kerasrun.cli.formats import print_columns
    from kerasrun.cli.json_shape import listing_json, summary, to_text
    from kerasrun.runs.fields import check_known, field
    from kerasrun.runs.json_file import finite

    check_known([field(name) for name in wanted], listing.runs)
    if kind == "json":
        print(to_text(listing_json(listing, root)))
    elif kind == "jsonl":
        for run in listing.runs:
            print(json.dumps(finite(summary(run)), ensure_ascii=False))
    else:
        narrow = kind == "table" and sys.stdout.isatty()
        chosen = [column(name) for name in wanted] or default_columns(listing.runs, narrow=narrow)
        print_columns(listing.runs, chosen, kind)
        _say_how_many(listing, root)


def _say_how_many(listing: "Listing", root: str) -> None:
    import sys

    shown = len(listing.runs) + len(listing.unreadable)
    if listing.total == 0:
        print(f"no runs under {root}", file=sys.stderr)
    elif shown < listing.matched:
        print(f"{shown} of {listing.matched:,} runs (--all shows every one)", file=sys.stderr)
    elif not listing.runs and not listing.unreadable:
        print(f"none of {listing.total:,} runs", file=sys.stderr)
