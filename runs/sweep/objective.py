"""What a sweep is after: the greatest or the least value of a metric."""

import math
from dataclasses import dataclass
from typing import Any

from kerasrun.runs.errors import UsageError, did_you_mean
from kerasrun.runs.fields import UNDEFINED, field, names_of
from kerasrun.runs.run import Run

_ENOUGH_EVALUATIONS = 2
Point = tuple[int, float]


@dataclass(frozen=True)
class Objective:
    """A metric, and which of two values of it is better.

    Attributes:
        metric: `accuracy`, or `GROUP/TAG` such as `eval_test/accuracy` and `train/loss`.
        maximize: Whether the greater is the better.
        best: Whether a trial counts by its best evaluation, not by its last.
    """

    metric: str
    maximize: bool
    best: bool = False

    def __str__(self) -> str:
        """`max accuracy`."""
        of = " (best evaluation)" if self.best else ""
        return f"{'max' if self.maximize else 'min'} {self.metric}{of}"

    def value(self, run: Run) -> float | None:
        """That of a run; None where it has none, or one that is no finite number."""
        part = (".max" if self.maximize else ".min") if self.best else ""
        found = field(f"metric:{self.metric}{part}").of(run)
        if found is UNDEFINED or not isinstance(found, int | float) or not math.isfinite(found):
            return None
        return float(found)

    def cost(self, value: float) -> float:
        """The value, or minus it: less is better."""
        return -value if self.maximize else value

    def curve(self, run: Run) -> list[Point]:
        """The values at the steps so far, of the event files; what is not finite is the worst."""
        from kerasrun.runs.event_reader import read_points

        group, tag = _group_and_tag(run, self.metric)
        folder = run.folder if group == "train" else run.folder / group
        worst = -math.inf if self.maximize else math.inf
        return [
            (int(step), float(value) if math.isfinite(value) else worst)
            for points in read_points(folder)
            if points.tag == tag
            for step, value in zip(points.steps, points.values, strict=True)
        ]

    def check(self, run: Run) -> None:
        """Raises if a run that has been evaluated does not know the metric.

        Raises:
            UsageError: It names those that there are.
        """
        groups: dict[str, dict[str, Any]] = run.metrics.get("metrics", {})
        # One that is NaN is undefined, and there all the same.
        names = {one for group, tags in groups.items() for t in tags for one in (t, f"{group}/{t}")}
        if self.metric in names or field(f"metric:{self.metric}").of(run) is not UNDEFINED:
            return
        evaluated = max(
            (
                one["n"]
                for group, tags in groups.items()
                if group != "train"
                for one in tags.values()
            ),
            default=0,
        )
        if run.status.state == "completed" or evaluated >= _ENOUGH_EVALUATIONS:
            tags = list(dict.fromkeys(tag for group in sorted(groups) for tag in groups[group]))
            option = "--max" if self.maximize else "--min"
            raise UsageError(
                f"{option} {self.metric}: no such metric; run {run.id} has "
                f"{', '.join(tags) or 'none'}.{did_you_mean(self.metric, names_of([run]))}"
            )


def objective_of(
    greatest: str | None, least: str | None, *, best: bool = False
) -> Objective | None:
    """What `--max` and `--min` say; None where neither is given.

    Raises:
        UsageError: Both are, or `--best` alone.
    """
    if greatest is not None and least is not None:
        raise UsageError("--max and --min are given together: expected one of them")
    metric = least if greatest is None else greatest
    if metric is not None and not metric.strip():
        raise UsageError(f"{'--min' if greatest is None else '--max'} names no metric: it is empty")
    if metric is None:
        if best:
            raise UsageError("--best needs --max METRIC or --min METRIC")
        return None
    return Objective(metric, maximize=greatest is not None, best=best)


def _group_and_tag(run: Run, metric: str) -> tuple[str, str]:
    groups: dict[str, Any] = run.metrics.get("metrics", {})
    group, slash, tag = metric.partition("/")
    if slash and (group in groups or group == "train" or (run.folder / group).is_dir()):
        return group, tag
    order = sorted(groups, key=lambda one: (one != "eval", one != "train", one))
    return next((one for one in order if metric in groups[one]), "eval"), metric
