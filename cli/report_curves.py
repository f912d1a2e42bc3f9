"""The curves of a report: one chart a metric, with all runs in it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerasrun.cli.html import Markup, element
from kerasrun.cli.report_chart import COLORS, Shown, chart, points_of, thinned

if TYPE_CHECKING:
    from kerasrun.runs.curves import Curve
    from kerasrun.runs.run import Run

_POINTS_A_CHART = 4000
_MOST, _FEWEST = 400, 40  # points of a line


def curves_section(runs: "Sequence[Run]") -> tuple[Markup, list[dict[str, Any]]]:
    """The section, and for each chart the points that its script shows."""
    from kerasrun.cli.lines import ordered_tags
    from kerasrun.runs.curves import read_curves
    from kerasrun.runs.query import less_is_better

    curves = [(place, curve) for place, run in enumerate(runs) for curve in read_curves(run.folder)]
    if not curves:
        return element("p", "No curves: there are no event files.", class_="muted"), []
    charts, points = [], []
    for number, tag in enumerate(ordered_tags(_tags(curves))):
        lines = _lines(runs, [one for one in curves if one[1].points.tag == tag])
        log = less_is_better(tag)
        charts.append(chart(tag, lines, number, log=log))
        points.append(points_of(lines, log=log))
    section = element(
        "section",
        element("h2", "Curves"),
        _legend(runs, {curve.group for _, curve in curves}),
        element("div", *charts, class_="charts"),
    )
    return section, points


def _tags(curves: "Sequence[tuple[int, Curve]]") -> list[str]:
    """Metrics first that were evaluated, too."""
    every = sorted({curve.points.tag for _, curve in curves})
    evaluated = {curve.points.tag for _, curve in curves if curve.group.startswith("eval")}
    return sorted(every, key=lambda tag: tag not in evaluated)


def _lines(runs: "Sequence[Run]", curves: "Sequence[tuple[int, Curve]]") -> list[Shown]:
    most = max(_FEWEST, min(_MOST, _POINTS_A_CHART // len(curves)))
    has_eval = any(curve.group != "train" for _, curve in curves)
    lines = []
    for place, curve in curves:
        xs, ys = thinned(curve.points.steps.tolist(), curve.points.values.tolist(), most)
        label = curve.group if len(runs) == 1 else f"{_name(runs[place])} · {curve.group}"
        # One run alone has a color for each group.
        color = list({one.group: None for _, one in curves}).index(curve.group)
        pale = has_eval and curve.group == "train" and len(runs) > 1
        lines.append(Shown(label, color if len(runs) == 1 else place, pale, xs, ys))
    return lines


def _legend(runs: "Sequence[Run]", groups: set[str]) -> Markup:
    """Which color is which run; of one run alone the charts' colors are its groups."""
    if len(runs) == 1:
        names = sorted(groups, key=lambda group: (group != "train", group))
    else:
        names = [_name(run) for run in runs]
    items = [
        element("li", element("i", class_=f"c{place % COLORS}"), name)
        for place, name in enumerate(names)
    ]
    note = "train" in groups and len(groups) > 1 and len(runs) > 1
    dashes = element("li", "dashed: train", class_="muted") if note else None
    return element("ul", *items, dashes, class_="legend")


def _name(run: "Run") -> str:
    return f"{run.name} ({run.id[-4:]})" if run.name else run.id
