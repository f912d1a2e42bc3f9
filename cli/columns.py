"""The columns of a listing: what each is called, what it shows, and what it holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.run import Run

_MOST_ON_A_TERMINAL = 4


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        title: Its heading.
        value: What it holds for a run, of a type that JSON knows; None where there is nothing.
        text: The same for people.
    """

    title: str
    value: "Callable[[Run], Any]"
    text: "Callable[[Run], str]"


def default_columns(runs: "Sequence[Run]", *, narrow: bool) -> list[Column]:
    """Identity, metrics, the params that are not the same everywhere, and tags if there are any.

    Args:
        runs: Those that are listed.
        narrow: Whether there is little room: then only the first metrics and params.
    """
    from kerasrun.cli.lines import ordered_tags
    from kerasrun.runs.fields import shown_metrics

    metrics = ordered_tags(list(dict.fromkeys(tag for run in runs for tag in shown_metrics(run))))
    params = differing_params(runs)
    if narrow:
        metrics, params = metrics[:_MOST_ON_A_TERMINAL], params[:_MOST_ON_A_TERMINAL]
    tags = ["tags"] if any(run.labels.tags for run in runs) else []
    names = ["id", "name", "status", "age", "time", "step"]
    return [
        *map(column, names),
        *[_shown_metric(tag) for tag in metrics],
        *[column(f"param:{name}", title=name) for name in params],
        *map(column, tags),
    ]


def differing_params(runs: "Sequence[Run]") -> list[str]:
    """The params that some run lacks or has another value of, in the order of their names."""
    names = sorted({name for run in runs for name in run.params})
    return [
        name
        for name in names
        if len({repr(run.params[name]) if name in run.params else None for run in runs}) > 1
    ]


def column(name: str, title: str | None = None) -> Column:
    """The column of a field, see `kerasrun.runs.fields`.

    Raises:
        UsageError: There is no such attribute.
    """
    from kerasrun.runs.fields import UNDEFINED, field

    asked = field(name)
    attribute = asked.name if asked.kind in (None, "attr") else ""

    def found(run: "Run") -> Any:
        value = asked.of(run)
        return None if value is UNDEFINED else value

    def text(run: "Run") -> str:
        value = found(run)
        # A param may have an attribute's name; asked for by that name alone it comes first.
        shown = None if asked.kind is None and attribute in run.params else _TEXTS.get(attribute)
        return shown(run, value) if shown else cell(value)

    return Column(title or _TITLES.get(attribute, name), lambda run: _plain(found(run)), text)


def _shown_metric(tag: str) -> Column:
    from kerasrun.runs.fields import shown_metric

    return Column(tag, lambda run: shown_metric(run, tag), lambda run: cell(shown_metric(run, tag)))


def cell(value: Any) -> str:
    """A value for people: four digits of a float, `-` for what is not there.

    >>> cell(0.0123456), cell(2000), cell(None), cell(["a", "b"]), cell(True)
    ('0.01235', '2,000', '-', 'a,b', 'true')
    """
    from kerasrun.cli.lines import number

    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return re.sub(r"\s+", " ", str(value))


def _plain(value: Any) -> Any:
    from kerasrun.runs import clock

    return clock.to_text(value) if isinstance(value, datetime) else value


def _status(run: "Run", _: Any) -> str:
    """The state and, in brackets, what kind of reason; `show` tells the whole of it."""
    reason = run.status.reason.partition(":")[0]
    return f"{run.status.state} ({reason})" if reason else str(run.status.state)


def _time(_: "Run", value: Any) -> str:
    from kerasrun.cli.lines import duration

    return "-" if value is None else duration(value).replace(" ", "")


def age(seconds: float) -> str:
    """How long ago, in one unit.

    >>> age(5), age(600), age(90000)
    ('5s', '10m', '25h')
    """
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f}h"
    return f"{seconds // 86400:.0f}d"


_TITLES = {"id": "RUN", "started": "STARTED"} | {
    name: name.upper() for name in ("name", "status", "age", "time", "step", "tags", "note")
}
_TEXTS: "dict[str, Callable[[Run, Any], str]]" = {
    "status": _status,
    "age": lambda _, value: age(value),
    "time": _time,
    "seed": lambda _, value: "-" if value is None else str(value),
}
