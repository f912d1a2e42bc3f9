"""Runs side by side: what differs between them, and what is the same in all."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasrun.runs.fields import UNDEFINED, field, sort_key
from kerasrun.runs.run import Run

_FIRST = ("loss", "accuracy")


@dataclass(frozen=True)
class Row:
    """One thing, of every run.

    Attributes:
        kind: `param`, `setting`, `metric` or `attr`.
        name: Such as `lr`, or `train/loss` of a metric that is not of the evaluation.
        values: By run; None where a run has none.
    """

    kind: str
    name: str
    values: tuple[Any, ...]

    @property
    def is_same(self) -> bool:
        """Whether all runs have the same."""
        return len({repr(value) for value in self.values}) == 1

    def differences(self, baseline: int) -> tuple[float | None, ...]:
        """How much more than the baseline each has; None where that makes no sense."""
        base = self.values[baseline]
        return tuple(
            value - base
            if self.kind == "metric" and _is_number(value) and _is_number(base)
            else None
            for value in self.values
        )


@dataclass(frozen=True)
class Group:
    """Runs that have the same value of a field, such as one experiment with several seeds.

    Attributes:
        value: Of the field; None where the runs have none.
        runs: These.
        metrics: By name `(mean, standard deviation, number of values)`; the deviation is that of
            a sample, None for one value.
    """

    value: Any
    runs: tuple[Run, ...]
    metrics: dict[str, tuple[float, float | None, int]]


def rows_of(runs: Sequence[Run]) -> list[Row]:
    """Params, settings, metrics, and how long it took, in this order."""
    return [
        *_rows("param", [run.params for run in runs]),
        *_rows("setting", [_settings(run) for run in runs]),
        *_rows("attr", [_attributes(run) for run in runs]),
        *_rows("metric", [last_metrics(run) for run in runs]),
    ]


def last_metrics(run: Run) -> dict[str, float]:
    """Every metric's last value: of the evaluation by its name, others as `group/name`."""
    groups = run.metrics.get("metrics", {})
    return {
        tag if group == "eval" else f"{group}/{tag}": summary["last"]
        for group in sorted(groups, key=lambda name: (name != "eval", name))
        for tag, summary in groups[group].items()
        if summary.get("last") is not None
    }


def grouped(runs: Sequence[Run], by: str) -> list[Group]:
    """Runs by the value of a field, with mean and deviation of their metrics.

    Args:
        runs: Which.
        by: A field, see `kerasrun.runs.fields`.
    """
    asked = field(by)
    members: dict[str, list[Run]] = {}
    values: dict[str, Any] = {}
    for run in sorted(runs, key=lambda run: sort_key(asked.of(run))):
        value = asked.of(run)
        members.setdefault(repr(value), []).append(run)
        values[repr(value)] = None if value is UNDEFINED else value
    return [Group(values[key], tuple(some), _spread(some)) for key, some in members.items()]


def difference_of_means(
    one: tuple[float, float | None, int], other: tuple[float, float | None, int]
) -> tuple[float, float | None]:
    """How much more `one` is than `other`, and the standard error of that (Welch, 1947).

    >>> difference_of_means((3.0, 0.3, 9), (2.5, 0.0, 16))
    (0.5, 0.1)
    """
    difference = one[0] - other[0]
    if one[1] is None or other[1] is None:
        return difference, None
    return difference, math.sqrt(one[1] ** 2 / one[2] + other[1] ** 2 / other[2])


def _spread(runs: Sequence[Run]) -> dict[str, tuple[float, float | None, int]]:
    found: dict[str, list[float]] = {}
    for run in runs:
        for name, value in last_metrics(run).items():
            found.setdefault(name, []).append(value)
    return {
        name: (
            statistics.fmean(values),
            statistics.stdev(values) if len(values) > 1 else None,
            len(values),
        )
        for name, values in found.items()
    }


def _rows(kind: str, held: Sequence[dict[str, Any]]) -> list[Row]:
    names = dict.fromkeys(name for one in held for name in one)
    ordered = sorted(names, key=lambda name: (name not in _FIRST, "/" in name))
    return [Row(kind, name, tuple(one.get(name) for one in held)) for name in ordered]


def _settings(run: Run) -> dict[str, Any]:
    entries = run.record.get("settings", {})
    return {name: entry.get("value") for name, entry in entries.items()}


def _attributes(run: Run) -> dict[str, Any]:
    record = run.record
    found = {
        "seed": (record.get("seed") or {}).get("value"),
        "status": str(run.status),
        "step": run.step,
        "model": ((record.get("model") or {}).get("sha256") or "")[:8] or None,
        "commit": ((record.get("git") or {}).get("commit") or "")[:8] or None,
        "time": run.seconds(),
    }
    return {name: value for name, value in found.items() if value is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
