"""`mlrun doctor`: what may be wrong with this installation, and with the runs."""

from typing import TYPE_CHECKING

import typer

from kerasrun.cli.options import Json, Root

if TYPE_CHECKING:
    from kerasrun.runs.checks import Finding


def doctor(root: Root = None, json: Json = False) -> None:
    """Check the installation and the runs; exits 1 when something is wrong."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.checks import findings

    with readable_errors():
        found = list(findings(_root(root)))
        if json:
            content = [one._asdict() for one in found]
            print(to_text({"schema": SCHEMA, "checks": content}))
        else:
            for one in found:
                print(_line(one))
        if any(one.level == "wrong" for one in found):
            raise typer.Exit(1)


def _root(given: str | None) -> str:
    from kerasrun.runs.root import runs_root

    return str(runs_root(given))


def _line(one: "Finding") -> str:
    mend = f"   {one.mend}" if one.mend else ""
    return f"{one.level:<6} {one.subject:<12} {one.text}{mend}"
