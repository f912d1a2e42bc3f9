"""`mlrun plot`: curves of metrics in the terminal, or as a picture or a table in a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerasrun.cli.options import Json, Root, RunNames, Where

if TYPE_CHECKING:
    from kerasrun.cli.chart import Line
    from kerasrun.runs.curves import RunCurve

_SUFFIXES = (".png", ".svg", ".csv")


def plot(
    run: RunNames = None,
    where: Where = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A metric, or GROUP/METRIC; repeatable. Default: loss."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="Only the points of train, eval, or eval_NAME. Default: all of them.",
        ),
    ] = None,
    x: Annotated[
        str, typer.Option(metavar="step|time", help="What lies on the horizontal axis.")
    ] = "step",
    smooth: Annotated[
        float, typer.Option(min=0, max=1, help="How much the points before one count.")
    ] = 0.0,
    log: Annotated[bool, typer.Option("--log", help="A logarithmic vertical axis.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a picture (.png, .svg) or the points (.csv)."),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(min=20, max=10000, metavar="N", help="In characters; of a picture in pixels."),
    ] = None,
    height: Annotated[
        int | None, typer.Option(min=3, max=10000, metavar="N", help="The same, of each metric.")
    ] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Draw the curves of metrics, of one run or of several."""
    import sys

    from kerasrun.cli.errors import readable_errors, warn_of
    from kerasrun.cli.json_shape import to_text
    from kerasrun.runs.curves import curves_of
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.query import find_runs
    from kerasrun.runs.root import runs_root

    with readable_errors():
        _check(x, out)
        if not run and where is None:
            raise UsageError("which runs? Name one or more, or give --where CONDITION")
        found = find_runs(run or [], runs_root(root), where=where, unreadable=warn_of)
        if not found:
            raise UsageError(f"no run fulfils --where {where!r}")
        curves = curves_of(found, list(dict.fromkeys(metric or ["loss"])), group)
        for name, some in curves.items():
            having = {one.run.id for one in some}
            for lacking in (one.id for one in found if one.id not in having):
                print(f"note: run {lacking} has no points of {name!r}", file=sys.stderr)
        if out:
            _write(out, curves, x, smooth, log, (width or 900, height or 450))
            print(f"wrote {out}", file=sys.stderr)
        if json:
            print(to_text(_json(curves, out)))
        elif not out:
            _print_charts(curves, x, smooth, log, width, height)


def _check(x: str, out: Path | None) -> None:
    from kerasrun.runs.errors import UsageError

    if x not in ("step", "time"):
        raise UsageError(f"--x {x!r}: expected step or time")
    if out and out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out {out}: expected a name that ends in {', '.join(_SUFFIXES)}")
    if out and out.is_dir():
        raise UsageError(f"--out {out}: it is a folder")


def _print_charts(
    curves: "Mapping[str, list[RunCurve]]",
    x: str,
    smooth: float,
    log: bool,
    width: int | None,
    height: int | None,
) -> None:
    import shutil
    import sys

    from kerasrun.cli.chart import chart, plain
    from kerasrun.cli.lines import duration

    columns = width or min(shutil.get_terminal_size().columns, 160)
    x_text = duration if x == "time" else "{:,.0f}".format
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    for place, (metric, some) in enumerate(curves.items()):
        details = [f"smoothed {smooth:g}"] * bool(smooth) + ["logarithmic"] * log
        print("\n" * bool(place) + metric + (f" ({', '.join(details)})" if details else ""))
        for line in chart(
            lines_of(some, x, smooth),
            width=columns,
            height=height or 15,
            log=log,
            x_text=x_text,
            color=_has_colors(),
        ):
            print(line if unicode else plain(line).encode("ascii", "replace").decode())


def _has_colors() -> bool:
    import os
    import sys

    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def lines_of(curves: "Sequence[RunCurve]", x: str, smooth: float) -> "list[Line]":
    """The lines of a chart, each with what a legend says of it."""
    from kerasrun.cli.chart import Line
    from kerasrun.runs.curves import smoothed

    heads = [_head(one) for one in curves]
    widest = [max(map(len, cells)) for cells in zip(*heads, strict=True)]
    lines = []
    for one, head in zip(curves, heads, strict=True):
        label = "  ".join(text.ljust(w) for text, w in zip(head, widest, strict=True) if w)
        values = one.curve.points.values.tolist()
        ys = smoothed(values, smooth) if smooth else values
        lines.append(Line(f"{label}  {_summary(one)}", xs_of(one, x), ys))
    return lines


def xs_of(one: "RunCurve", x: str) -> list[float]:
    """The steps of a curve, or the seconds since its run was started."""
    points = one.curve.points
    if x == "step":
        return list(points.steps.tolist())
    started = one.run.started.timestamp()
    return [max(0.0, moment - started) for moment in points.wall_times.tolist()]


def _head(one: "RunCurve") -> tuple[str, str, str]:
    return one.run.id, one.run.name or "", one.curve.group


def _summary(one: "RunCurve") -> str:
    """`last 0.1874 at step 2,000   least 0.15 at 1,800   20 points, 1 of them not finite`."""
    import math

    from kerasrun.cli.lines import number

    steps, values = one.curve.points.steps.tolist(), one.curve.points.values.tolist()
    text = f"last {number(values[-1])} at step {steps[-1]:,}"
    finite = [(value, step) for value, step in zip(values, steps, strict=True) if _is_finite(value)]
    if len(finite) > 1:
        least, greatest = min(finite), max(finite, key=lambda pair: pair[0])
        text += f"  least {number(least[0])} at {least[1]:,}"
        text += f"  greatest {number(greatest[0])} at {greatest[1]:,}"
    missing = sum(1 for value in values if not math.isfinite(value))
    text += f"  {len(values):,} point{'s' * (len(values) != 1)}"
    return text + (f", {missing:,} of them not finite" if missing else "")


def _is_finite(value: float) -> bool:
    return value - value == 0


def _write(
    out: Path,
    curves: "Mapping[str, list[RunCurve]]",
    x: str,
    smooth: float,
    log: bool,
    size: tuple[int, int],
) -> None:
    from kerasrun.cli.whole_file import written_whole

    with written_whole(out) as aside:
        if out.suffix.lower() == ".csv":
            _write_csv(aside, curves)
        else:
            from kerasrun.cli.picture import draw

            draw(aside, out.suffix.lower()[1:], curves, x=x, smooth=smooth, log=log, size=size)


def _write_csv(path: Path, curves: "Mapping[str, list[RunCurve]]") -> None:
    """Every point as it was written, each curve once."""
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["run", "name", "group", "tag", "step", "wall_time", "value"])
        every = {
            (one.run.id, *one.curve[:1], one.curve.points.tag): one
            for some in curves.values()
            for one in some
        }
        for (run_id, group, tag), one in every.items():
            points = one.curve.points
            columns = (points.steps.tolist(), points.wall_times.tolist(), points.values.tolist())
            head = [run_id, one.run.name or "", group, tag]
            writer.writerows([*head, *row] for row in zip(*columns, strict=True))


def _json(curves: "Mapping[str, list[RunCurve]]", out: Path | None) -> dict[str, Any]:
    from kerasrun.cli.json_shape import SCHEMA

    return {
        "schema": SCHEMA,
        "out": str(out) if out else None,
        "curves": [
            {
                "metric": metric,
                "run": one.run.id,
                "name": one.run.name,
                "group": one.curve.group,
                "tag": one.curve.points.tag,
                "steps": one.curve.points.steps.tolist(),
                "wall_times": one.curve.points.wall_times.tolist(),
                "values": one.curve.points.values.tolist(),
            }
            for metric, some in curves.items()
            for one in some
        ],
    }
