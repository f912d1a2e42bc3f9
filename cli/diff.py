"""`mlrun diff`: what is different between two runs, or since one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.options import Json, Root, RunName

if TYPE_CHECKING:
    from kerasrun.runs.compare import Row
    from kerasrun.runs.run import Run


def diff(
    run: RunName,
    other: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The other.", show_default=False)
    ] = None,
    working: Annotated[
        bool,
        typer.Option("--working", help="In place of another run: the files as they are now."),
    ] = False,
    source: Annotated[
        bool,
        typer.Option("--source", help="The model file, what it imports, uncommitted changes."),
    ] = False,
    env: Annotated[bool, typer.Option("--env", help="The versions of the packages.")] = False,
    log: Annotated[bool, typer.Option("--log", help="What they printed.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Show what differs between two runs; exits 0 when nothing does, 1 when something does."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root

    with readable_errors():
        folder = runs_root(root)
        if (other is None) is not working:
            raise UsageError("expected two runs, or one and --working")
        if source + env + log > 1 or (working and (env or log)):
            raise UsageError("expected one of --source, --env and --log; --working is about source")
        one = find_run(run, folder)
        another = find_run(other, folder) if other else None
        if another is None or source:
            text = _source_diff(one, another)
        elif log:
            text = _log_diff(one, another)
        elif env:
            raise typer.Exit(_print_rows([one, another], _package_rows(one, another), json=json))
        else:
            rows = _rows(one, another)
            _say_more(rows)
            raise typer.Exit(_print_rows([one, another], rows, json=json))
        _print_text(text, json=json)
        raise typer.Exit(1 if text else 0)


def _source_diff(one: "Run", other: "Run | None") -> str:
    from kerasrun.runs.differences import sources, unified, working_sources

    if other is None:
        kept = {name: text for name, text in sources(one).items() if name != "diff.patch"}
        return unified(kept, working_sources(one), (one.id, "working"))
    return unified(sources(one), sources(other), (one.id, other.id))


def _log_diff(one: "Run", other: "Run") -> str:
    from kerasrun.runs.differences import output, unified

    names = (one.id, other.id)
    return unified({"output.log": output(one)}, {"output.log": output(other)}, names)


def _rows(one: "Run", other: "Run") -> "list[Row]":
    from kerasrun.runs.compare import Row, rows_of
    from kerasrun.runs.differences import packages, sources

    rows = [row for row in rows_of([one, other]) if row.name not in ("time", "model")]
    rows += [
        Row("attr", "source", (_digest(sources(one)), _digest(sources(other)))),
        Row("attr", "packages", (_digest(packages(one)), _digest(packages(other)))),
    ]
    return [row for row in rows if not row.is_same]


def _say_more(rows: "list[Row]") -> None:
    import sys

    for name, option in (("source", "--source"), ("packages", "--env")):
        if any(row.name == name for row in rows):
            print(f"{name}: mlrun diff {option} shows how", file=sys.stderr)


def _digest(texts: "dict[str, str]") -> str:
    """Tells contents apart, in eight characters."""
    import hashlib

    return hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:8]


def _package_rows(one: "Run", other: "Run") -> "list[Row]":
    from kerasrun.runs.compare import Row
    from kerasrun.runs.differences import packages

    then, now = packages(one), packages(other)
    names = sorted(then.keys() | now.keys())
    rows = [Row("attr", name, (then.get(name), now.get(name))) for name in names]
    return [row for row in rows if not row.is_same]


def _print_rows(runs: "list[Run]", rows: "list[Row]", *, json: bool) -> int:
    from kerasrun.cli.compare import print_rows

    print_rows(runs, rows, "json" if json else "table", every=True)
    return 1 if rows else 0


def _print_text(text: str, *, json: bool) -> None:
    from kerasrun.cli.json_shape import SCHEMA, to_text

    content: dict[str, Any] = {"schema": SCHEMA, "diff": text}
    print(to_text(content) if json else text, end="\n" if json else "")
