"""`mlrun doctor`: what may be wrong with this installation, with the runs, or with old programs."""

from typing import TYPE_CHECKING, Annotated

import typer

from kerasrun.cli.options import Json, Root

if TYPE_CHECKING:
    from kerasrun.runs.checks import Finding


def doctor(
    programs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROGRAM]...",
            help="Programs written for tf.estimator, or folders of them: which of their names "
            "work here is told, and nothing is run.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="With PROGRAM: the names that work, too.")
    ] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Check the installation and the runs, or old programs; exits 1 when something is wrong."""
    from kerasrun.cli.errors import readable_errors

    with readable_errors():
        _check_options(programs, every, root)
        if programs:
            from kerasrun.cli.old_programs import tell_of_programs

            is_well = tell_of_programs(programs, every=every, json=json)
        else:
            is_well = _tell_of_installation(root, json=json)
        if not is_well:
            raise typer.Exit(1)


def _check_options(programs: list[str] | None, every: bool, root: str | None) -> None:
    from kerasrun.runs.errors import UsageError

    if programs and root is not None:
        raise UsageError("--root is for runs: leave it out, or PROGRAM")
    if every and not programs:
        raise UsageError("--all is for programs: name a PROGRAM, or leave it out")


def _tell_of_installation(root: str | None, *, json: bool) -> bool:
    """Prints what is found, and says whether nothing is wrong."""
    from kerasrun.cli.json_shape import SCHEMA, to_text
    from kerasrun.runs.checks import findings
    from kerasrun.runs.root import runs_root

    found = list(findings(str(runs_root(root))))
    if json:
        content = [one._asdict() for one in found]
        print(to_text({"schema": SCHEMA, "checks": content}))
    else:
        for one in found:
            print(_line(one))
    return all(one.level != "wrong" for one in found)


def _line(one: "Finding") -> str:
    mend = f"   {one.mend}" if one.mend else ""
    return f"{one.level:<6} {one.subject:<12} {one.text}{mend}"
