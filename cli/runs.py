"""`mlrun runs`: lists the runs, newest first."""

from typing import TYPE_CHECKING, Annotated

import typer

from kerasrun.cli.options import Json, Root

if TYPE_CHECKING:
    from kerasrun.runs.listing import Listing
    from kerasrun.runs.run import Run

_METRIC_COLUMNS = 4  # on a terminal; a pipe gets all, and whole cells
_CELL_WIDTH = 36


def runs(
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, metavar="N", help="How many at most.")
    ] = 20,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """List the runs, newest first: status, age, time, step and last metrics."""
    import sys

    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import listing_json, to_text
    from kerasrun.runs.listing import list_runs
    from kerasrun.runs.root import runs_root

    with readable_errors():
        folder = runs_root(root)
        listing = list_runs(folder, limit=None if every else number)
        if json:
            print(to_text(listing_json(listing, str(folder))))
        else:
            _print_table(listing)
        for error in listing.unreadable:
            print(f"warning: {error}", file=sys.stderr)
        if listing.total == 0 and not json:
            print(f"no runs under {folder}", file=sys.stderr)


def _print_table(listing: "Listing") -> None:
    import sys

    from kerasrun.cli.table import table

    if not listing.runs:
        return
    tags = _metric_tags(listing.runs)
    if sys.stdout.isatty():
        tags = tags[:_METRIC_COLUMNS]
    rows = [_row(run, tags) for run in listing.runs]
    if sys.stdout.isatty():
        rows = [[_short(cell) for cell in row] for row in rows]
    for line in table(["RUN", "NAME", "STATUS", "AGE", "TIME", "STEP", *tags], rows):
        print(line)
    shown = len(listing.runs) + len(listing.unreadable)
    if shown < listing.total:
        print(f"{shown} of {listing.total:,} runs (--all shows every one)", file=sys.stderr)


def _metric_tags(runs: "list[Run]") -> list[str]:
    from kerasrun.cli.lines import ordered_tags
    from kerasrun.runs.fields import shown_metrics

    found = dict.fromkeys(tag for run in runs for tag in shown_metrics(run))
    return ordered_tags(list(found))


def _row(run: "Run", tags: list[str]) -> list[str]:
    from kerasrun.cli.lines import duration, number
    from kerasrun.runs import clock
    from kerasrun.runs.fields import shown_metrics

    metrics, seconds = shown_metrics(run), run.seconds()
    return [
        run.id,
        run.name or "-",
        _status(run),
        age((clock.now() - run.started).total_seconds()),
        "-" if seconds is None else duration(seconds).replace(" ", ""),
        "-" if run.step is None else f"{run.step:,}",
        *[number(metrics.get(tag)) for tag in tags],
    ]


def _status(run: "Run") -> str:
    """The state and, in brackets, what kind of reason; `show` tells the whole of it."""
    reason = run.status.reason.partition(":")[0]
    return f"{run.status.state} ({reason})" if reason else str(run.status.state)


def _short(cell: str) -> str:
    return cell if len(cell) <= _CELL_WIDTH else cell[: _CELL_WIDTH - 1] + "…"


def age(seconds: float) -> str:
    """How long ago, in one unit.

    >>> age(5), age(600), age(90000)
    ('5s', '10m', '25h')
    """
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f}h"
    return f"{seconds // 86400:.0f}d"
