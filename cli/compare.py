"""`mlrun compare`: runs side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.formats import Format
from kerasrun.cli.options import Json, Root, RunNames, Where

if TYPE_CHECKING:
    from kerasrun.runs.compare import Group, Row
    from kerasrun.runs.run import Run


def compare(
    run: RunNames = None,
    where: Where = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Sort by it; -FIELD has the greatest first."),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", min=1, metavar="N", help="Only the first N.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="What differences are from. Default: the first."),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD",
            help="Means and deviations over the runs that have the same value of it.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show what is the same in all runs, too.")
    ] = False,
    root: Root = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Compare runs: params and metrics that differ, with the differences from the first."""
    from kerasrun.cli.errors import readable_errors, warn_of
    from kerasrun.cli.formats import chosen_format
    from kerasrun.runs.compare import grouped, rows_of
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.fields import check_known, field
    from kerasrun.runs.listing import sorted_runs
    from kerasrun.runs.query import find_run, find_runs
    from kerasrun.runs.root import runs_root

    with readable_errors():
        kind = chosen_format(format_, json=json)
        folder = runs_root(root)
        if not run and where is None:
            raise UsageError("which runs? Name two or more, or give --where CONDITION")
        found = find_runs(run or [], folder, where=where, unreadable=warn_of)
        found = (sorted_runs(found, [sort]) if sort else found)[:top]
        if group_by:
            check_known([field(group_by)], found)
            _print_groups(grouped(found, group_by), group_by, kind)
            return
        if baseline:
            base = find_run(baseline, folder)
            found = [base, *[one for one in found if one.id != base.id]]
        if len(found) < 2:
            raise UsageError(f"expected two runs or more to compare, found {len(found)}")
        print_rows(found, rows_of(found), kind, every=every)


def print_rows(runs: "Sequence[Run]", rows: "Sequence[Row]", kind: str, *, every: bool) -> None:
    """Prints a row for each thing and a column for each run; the first is the baseline."""
    import sys

    from kerasrun.cli.formats import print_csv, print_texts
    from kerasrun.cli.json_shape import SCHEMA, to_text

    shown = [row for row in rows if every or not row.is_same]
    if kind in ("json", "jsonl"):
        print(to_text({"schema": SCHEMA, "runs": [run.id for run in runs], "rows": _dicts(rows)}))
        return
    titles = [f"{_title(run)}{'*' if place == 0 else ''}" for place, run in enumerate(runs)]
    if kind == "csv":
        print_csv(["", *[run.id for run in runs]], [[row.name, *row.values] for row in shown])
    else:
        print_texts(["", *titles], [[row.name, *_texts(row)] for row in shown], kind)
    same = [row for row in rows if row.is_same]
    if same and not every:
        listed = ", ".join(f"{row.name} {_text(row, row.values[0])}" for row in same)
        print(f"same in all: {listed}", file=sys.stderr)


def _dicts(rows: "Sequence[Row]") -> list[dict[str, Any]]:
    return [
        {
            "kind": row.kind,
            "name": row.name,
            "values": list(row.values),
            "differences": list(row.differences(0)),
            "same": row.is_same,
        }
        for row in rows
    ]


def _title(run: "Run") -> str:
    return run.name or run.id[-4:]


def _texts(row: "Row") -> list[str]:
    differences = row.differences(0)
    return [
        _text(row, value) + (f"  {_signed(more)}" if place and more is not None else "")
        for place, (value, more) in enumerate(zip(row.values, differences, strict=True))
    ]


def _text(row: "Row", value: Any) -> str:
    from kerasrun.cli.columns import cell
    from kerasrun.cli.lines import duration

    if value is None:
        return "-"
    if row.kind == "attr":
        return duration(value).replace(" ", "") if row.name == "time" else str(value)
    return cell(value)


def _signed(value: float) -> str:
    from kerasrun.cli.lines import number

    return number(value) if value < 0 else f"+{number(value)}"


def _print_groups(groups: "Sequence[Group]", by: str, kind: str) -> None:
    from kerasrun.cli.columns import cell
    from kerasrun.cli.formats import print_csv, print_texts
    from kerasrun.cli.json_shape import SCHEMA, to_text

    names = list(dict.fromkeys(name for group in groups for name in group.metrics))
    if kind in ("json", "jsonl"):
        print(to_text({"schema": SCHEMA, "by": by, "groups": [_group_dict(one) for one in groups]}))
        return
    if kind == "csv":
        titles = [by, "n", *[f"{name}{part}" for name in names for part in ("", "_sd")]]
        rows = [[one.value, len(one.runs), *_figures(one, names)] for one in groups]
        print_csv(titles, rows)
        return
    texts = [
        [cell(one.value), str(len(one.runs)), *[_spread(one, groups[0], name) for name in names]]
        for one in groups
    ]
    print_texts([by, "N", *names], texts, kind)


def _figures(group: "Group", names: Sequence[str]) -> list[float | None]:
    nothing = (None, None, 0)
    return [figure for name in names for figure in group.metrics.get(name, nothing)[:2]]


def _group_dict(group: "Group") -> dict[str, Any]:
    metrics = {
        name: {"mean": mean, "sd": deviation, "n": count}
        for name, (mean, deviation, count) in group.metrics.items()
    }
    return {"value": group.value, "runs": [run.id for run in group.runs], "metrics": metrics}


def _spread(group: "Group", first: "Group", name: str) -> str:
    """`0.971 ± 0.004  (+0.010 ± 0.005)`: with the difference from the first and its error."""
    from kerasrun.cli.lines import number
    from kerasrun.runs.compare import difference_of_means

    if name not in group.metrics:
        return "-"
    mean, deviation, _ = group.metrics[name]
    text = number(mean) + ("" if deviation is None else f" ± {number(deviation)}")
    if group is first or name not in first.metrics:
        return text
    more, error = difference_of_means(group.metrics[name], first.metrics[name])
    return f"{text}  ({_signed(more)}" + ("" if error is None else f" ± {number(error)}") + ")"
