"""What a report says beside the curves: params, metrics, environment, and each run by itself."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrun.cli.html import Content, Markup, element, joined, table

if TYPE_CHECKING:
    from kerasrun.runs.run import Run

_MOST_LINES = 3000  # of a diff


def facts_sections(runs: "Sequence[Run]") -> list[Markup]:
    """Params, metrics, environment, runs."""
    values = _values_table(runs)
    metrics = _metrics_table(runs)
    return [
        *([element("section", element("h2", "Parameters"), values)] if values else []),
        *([element("section", element("h2", "Metrics"), metrics)] if metrics else []),
        element("section", element("h2", "Environment"), _environment(runs)),
        element("section", element("h2", "Runs"), *[_details(run) for run in runs]),
    ]


def _heading(runs: "Sequence[Run]") -> list[Content]:
    return ["", *[element("span", run.name or run.id, title=run.id) for run in runs]]


def _values_table(runs: "Sequence[Run]") -> Markup | None:
    """Params and settings, with where each came from; those that differ are marked."""
    entries: list[dict[str, Any]] = [
        {**run.record.get("settings", {}), **run.record.get("params", {}), **_seed(run)}
        for run in runs
    ]
    params = {name for run in runs for name in run.record.get("params", {})}
    names = sorted({name for one in entries for name in one}, key=lambda n: (n not in params, n))
    if not names:
        return None
    found = [[one.get(name) for one in entries] for name in names]
    rows = [
        [name, *[_with_origin(name, one) for one in row]]
        for name, row in zip(names, found, strict=True)
    ]
    differs = [len({repr(one["value"]) if one else None for one in row}) > 1 for row in found]
    return table(_heading(runs), rows, marked=differs)


def _seed(run: "Run") -> dict[str, Any]:
    return {"seed": run.record["seed"]} if run.record.get("seed") else {}


def _with_origin(name: str, entry: "Mapping[str, Any] | None") -> Content:
    from kerasrun.cli.columns import cell

    if not entry:
        return "-"
    value = entry["value"]
    shown = str(value) if name == "seed" or isinstance(value, float) else cell(value)
    return joined(shown, element("small", entry.get("origin", "")))


def _metrics_table(runs: "Sequence[Run]") -> Markup | None:
    """The last value of every metric, with the least and the greatest."""
    groups = [run.metrics.get("metrics", {}) for run in runs]
    names = dict.fromkeys(
        (group, tag)
        for one in groups
        for group in sorted(one, key=lambda group: (group == "train", group))
        for tag in one[group]
    )
    if not names:
        return None
    rows: list[list[Content]] = [
        [
            joined(tag, element("small", group)),
            *[_summary(one.get(group, {}).get(tag)) for one in groups],
        ]
        for group, tag in names
    ]
    return table(_heading(runs), rows)


def _summary(point: "Mapping[str, Any] | None") -> Content:
    from kerasrun.cli.lines import number

    if not point:
        return "-"
    spread = ""
    if point["n"] > 1 and point.get("min") is not None and point.get("max") is not None:
        spread = f"{number(point['min'])} to {number(point['max'])}, {point['n']:,} points"
    return joined(number(point.get("last")), element("small", spread) if spread else None)


def _environment(runs: "Sequence[Run]") -> Markup:
    """Versions, code and machine; what is the same in all runs is said once."""
    facts: dict[str, Callable[[Run], str]] = {
        "model": lambda run: (run.record.get("model") or {}).get("file", ""),
        "code": _git,
        **{
            name: _version_of(name)
            for name in dict.fromkeys(key for run in runs for key in run.record.get("versions", {}))
        },
        "host": lambda run: str(_last_host(run).get("name") or ""),
        "user": lambda run: str(_last_host(run).get("user") or ""),
        "folder": lambda run: str(run.record.get("cwd") or ""),
    }
    found = {name: [fact(run) for run in runs] for name, fact in facts.items()}
    same = {name: row[0] for name, row in found.items() if len(set(row)) == 1 and row[0]}
    differing = {name: row for name, row in found.items() if len(set(row)) > 1}
    header = ["", "all runs"] if len(runs) > 1 else _heading(runs)
    parts: list[Content] = []
    if same:
        parts.append(table(header, list(same.items())))
    if differing:
        rows = [[name, *[one or "-" for one in row]] for name, row in differing.items()]
        parts.append(table(_heading(runs), rows, marked=[True] * len(rows)))
    return element("div", *parts, class_="stack")


def _version_of(name: str) -> "Callable[[Run], str]":
    return lambda run: str(run.record.get("versions", {}).get(name, ""))


def _last_host(run: "Run") -> dict[str, Any]:
    return (run.attempts[-1].get("host") or {}) if run.attempts else {}


def _git(run: "Run") -> str:
    git = run.record.get("git")
    if not git:
        return ""
    changes = ", with uncommitted changes" if git["dirty"] else ""
    return f"{git['commit'][:12]} {git['branch'] or '(detached)'}{changes}"


def _details(run: "Run") -> Markup:
    """One run: status, note, exports, last words, diff."""
    title = joined(run.name, element("small", run.id)) if run.name else run.id
    command = shlex.join(run.record.get("argv", []))
    attempts = f", {len(run.attempts)} attempts" if len(run.attempts) > 1 else ""
    return element(
        "article",
        element("h3", title, id=run.id),
        element("p", element("span", f"{run.status}{attempts}", class_=_status_class(run))),
        element("p", run.labels.note) if run.labels.note else None,
        element("p", element("code", command), class_="code") if command else None,
        _exports(run.folder),
        *_output(run),
        *_diff(run),
    )


def _status_class(run: "Run") -> str:
    return f"status {run.status.state}"


def _exports(folder: Path) -> Markup | None:
    from kerasrun.runs.disk import bytes_in
    from kerasrun.runs.saved_models import exports_of

    found = exports_of(folder)
    if not found:
        return None
    rows: list[list[Content]] = [
        [_shown(path, folder), f"{bytes_in(path) / 1e6:.2f} MB"] for path in found
    ]
    count = f"{len(found)} export{'s' * (len(found) > 1)}, the newest {rows[-1][0]}"
    content = table(["export", "size"], rows, class_="numeric")
    return element("details", element("summary", count), content)


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _output(run: "Run") -> list[Markup]:
    lines = (run.outcome or {}).get("last_lines", [])
    if not lines:
        return []
    return [element("details", element("summary", "Last output"), element("pre", "\n".join(lines)))]


def _diff(run: "Run") -> list[Markup]:
    """What was not committed, as it was kept."""
    from kerasrun.runs.layout import RunFiles

    try:
        text = RunFiles(run.folder).diff.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = text.splitlines()
    if not lines:
        return []
    shown = [_diff_line(line) for line in lines[:_MOST_LINES]]
    more = len(lines) - len(shown)
    rest = f"\n… {more:,} lines more in {RunFiles(run.folder).diff}" if more > 0 else ""
    summary = f"Uncommitted changes, {len(lines):,} lines"
    body = element("pre", Markup("\n".join(shown)), rest)
    return [element("details", element("summary", summary), body)]


def _diff_line(line: str) -> Markup:
    kinds = {"+": "add", "-": "del", "@": "at"}
    kind = kinds.get(line[:1])
    return element("span", line, class_=kind) if kind else joined(line)
