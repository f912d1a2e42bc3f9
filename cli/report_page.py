"""The page of a report: what stands in it, and in which order."""

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from kerasrun.cli.html import Content, Markup, element, joined, table

if TYPE_CHECKING:
    from kerasrun.runs.run import Run


def page(runs: "Sequence[Run]", title: str | None = None) -> str:
    """The whole of a report.

    Args:
        runs: Of which; one at least.
        title: Its title; None: which run it is, or how many.
    """
    from kerasrun.cli.report_curves import curves_section
    from kerasrun.cli.report_facts import facts_sections

    heading = title or _title(runs)
    curves, points = curves_section(runs)
    script = _part("report.js")
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        element("title", heading),
        element("style", Markup(_part("report.css"))),
    ]
    body = [
        element("header", element("h1", heading), element("p", _subtitle(runs), class_="muted")),
        element("main", _overview(runs), curves, *facts_sections(runs)),
        _footer(),
        element("script", _as_data(points), type="application/json", id="points"),
        element("script", Markup(script)),
    ]
    content = joined(element("head", *head), element("body", *body))
    return f"<!doctype html>\n{element('html', content, lang='en')}\n"


def _part(name: str) -> str:
    return files("kerasrun.cli").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """The page loads nothing, and runs no script but its own."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _as_data(points: list[dict[str, object]]) -> Markup:
    """JSON in which nothing can end the element that it stands in."""
    text = json.dumps(points, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _title(runs: "Sequence[Run]") -> str:
    return (runs[0].name or runs[0].id) if len(runs) == 1 else f"{len(runs)} runs"


def _subtitle(runs: "Sequence[Run]") -> str:
    models = dict.fromkeys((run.record.get("model") or {}).get("file", "") for run in runs)
    names = ", ".join(name.rpartition("/")[2] for name in models if name)
    first, last = min(run.started for run in runs), max(run.started for run in runs)
    dates = dict.fromkeys(f"{moment:%Y-%m-%d}" for moment in (first, last))
    return " · ".join(part for part in (names, " to ".join(dates)) if part)


def _footer() -> Markup:
    from kerasrun import __version__
    from kerasrun.runs import clock

    return element("footer", f"kerasrun {__version__} · written {clock.now():%Y-%m-%d %H:%M} UTC")


def _overview(runs: "Sequence[Run]") -> Markup:
    """The table of runs: status, time, step, what differs, and the last metrics."""
    from kerasrun.cli.columns import differing_params
    from kerasrun.cli.lines import ordered_tags
    from kerasrun.runs.fields import shown_metrics

    tags = ordered_tags(list(dict.fromkeys(tag for run in runs for tag in shown_metrics(run))))
    params = differing_params(runs)
    best = {tag: _best(runs, tag) for tag in tags} if len(runs) > 1 else {}
    header: list[Content] = ["run", "status", "started", "time", "step", *params, *tags]
    rows = [
        [
            *_identity(run),
            *[_cell(run.params.get(name)) for name in params],
            *[_metric(shown_metrics(run).get(tag), best.get(tag)) for tag in tags],
        ]
        for run in runs
    ]
    return table(header, rows, class_="numeric runs")


def _identity(run: "Run") -> list[Content]:
    from kerasrun.cli.lines import duration

    seconds = run.seconds()
    short = element("small", run.id) if run.name else None
    labels = [element("small", f"#{tag}") for tag in run.labels.tags]
    steps = "-" if run.step is None else f"{run.step:,}"
    of = f" of {run.max_steps:,}" if run.max_steps and run.max_steps != run.step else ""
    return [
        joined(element("a", run.name or run.id, href=f"#{run.id}"), short, *labels),
        element("span", str(run.status.state), class_=f"status {run.status.state}"),
        f"{run.started:%Y-%m-%d %H:%M}",
        "-" if seconds is None else duration(seconds),
        steps + of,
    ]


def _cell(value: object) -> str:
    from kerasrun.cli.columns import cell

    return cell(value)


def _metric(value: float | None, best: float | None) -> Content:
    text = _cell(value)
    return element("span", text, class_="best") if value is not None and value == best else text


def _best(runs: "Sequence[Run]", tag: str) -> float | None:
    from kerasrun.runs.fields import shown_metrics
    from kerasrun.runs.query import less_is_better

    values = [value for run in runs if (value := shown_metrics(run).get(tag)) is not None]
    finite = [value for value in values if value - value == 0]
    if not finite or "/sec" in tag:
        return None
    return min(finite) if less_is_better(tag) else max(finite)
