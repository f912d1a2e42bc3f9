"""Asking before something is taken away."""

import sys
from typing import Annotated

import typer

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def confirm(what: str, question: str, *, yes: bool) -> None:
    """Says what it is about, and goes on only if that is wanted.

    Args:
        what: Such as `18 runs, 2.1 GB`.
        question: Such as `Move to trash?`.
        yes: Whether `-y` was given.

    Raises:
        UsageError: There is nobody to ask.
        typer.Exit: The answer is no.
    """
    from kerasrun.runs.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{what}: nobody to ask, stdin is no terminal. Nothing was done; -y does it"
        )
    print(f"{what}. {question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        print("nothing was done", file=sys.stderr)
        raise typer.Exit(1)


def counted(number: int, noun: str) -> str:
    """`1 run`, `1,204 runs`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def size(number: int) -> str:
    """Bytes for people.

    >>> size(512), size(2_100_000), size(3_400_000_000)
    ('512 B', '2.1 MB', '3.4 GB')
    """
    amount, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
