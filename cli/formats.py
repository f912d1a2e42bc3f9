"""Rows and columns as a table, CSV or Markdown."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kerasrun.cli.columns import Column
    from kerasrun.runs.run import Run

FORMATS = ("table", "json", "jsonl", "csv", "md")
_CELL_WIDTH = 36

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="How it is printed. Default: table.",
        show_default=False,
    ),
]


def chosen_format(given: str | None, *, json: bool) -> str:
    """What `--format` and `--json` say together.

    Raises:
        UsageError: There is no such format, or they contradict each other.
    """
    from kerasrun.runs.errors import UsageError, did_you_mean

    if given is None:
        return "json" if json else "table"
    if given not in FORMATS:
        near = did_you_mean(given, FORMATS)
        raise UsageError(f"--format {given!r}: expected one of {', '.join(FORMATS)}.{near}")
    if json and given != "json":
        raise UsageError(f"--json and --format {given} are given together")
    return given


def print_columns(runs: "Sequence[Run]", columns: "Sequence[Column]", kind: str) -> None:
    """Prints a row for each run, as `table`, `csv` or `md`; CSV has whole values."""
    titles = [one.title for one in columns]
    if kind == "csv":
        print_csv(titles, [[one.value(run) for one in columns] for run in runs])
    else:
        print_texts(titles, [[one.text(run) for one in columns] for run in runs], kind)


def print_csv(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints CSV (RFC 4180, with line feeds); what is not there is an empty cell."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(
        [" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row]
        for row in rows
    )


def print_texts(titles: Sequence[str], rows: Sequence[Sequence[str]], kind: str) -> None:
    """Prints a `table`, whose cells are cut on a terminal, or Markdown (`md`)."""
    from kerasrun.cli.table import table

    if kind == "md":
        for row in (titles, ["---"] * len(titles), *rows):
            print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        return
    if not rows:
        return
    if sys.stdout.isatty():
        rows = [[_short(cell) for cell in row] for row in rows]
    for line in table(titles, rows):
        print(line)


def _short(cell: str) -> str:
    return cell if len(cell) <= _CELL_WIDTH else cell[: _CELL_WIDTH - 1] + "…"
