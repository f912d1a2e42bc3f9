"""The curves of runs: every point of every metric, read from the event files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from kerasrun.runs.errors import UsageError, did_you_mean
from kerasrun.runs.event_reader import Points, event_files, read_points
from kerasrun.runs.model_dirs import is_model_dir, model_dirs, numbered
from kerasrun.runs.run import Run

TRAIN = "train"


class Curve(NamedTuple):
    """The points of one metric of a run.

    Attributes:
        group: `train`, or the name of the subfolder: `eval`, and `eval_NAME` of a named evaluation.
        points: By ascending steps.
    """

    group: str
    points: Points


class RunCurve(NamedTuple):
    """A curve, and whose it is.

    Attributes:
        run: The run.
        curve: One of its curves.
    """

    run: Run
    curve: Curve


def read_curves(folder: Path) -> list[Curve]:
    """The curves in a folder, which is a run's or any that holds event files.

    Those of the training come first, then those of its subfolders, by name; then those of other
    Estimators of the run, see `kerasrun.runs.model_dirs`.
    """
    return [
        Curve(numbered(curve.group, number), curve.points)
        for number, model_dir in model_dirs(folder).items()
        for curve in _curves_in(model_dir)
    ]


def _curves_in(folder: Path) -> list[Curve]:
    curves = [Curve(TRAIN, points) for points in read_points(folder)]
    for below in _subfolders(folder):
        # A folder of Keras's own callback may be called `train`, too.
        group = f"{below.name}/" if curves and below.name == TRAIN else below.name
        curves += [Curve(group, points) for points in read_points(below)]
    return curves


def curves_of(
    runs: Sequence[Run], metrics: Sequence[str], group: str | None = None
) -> dict[str, list[RunCurve]]:
    """The curves of some metrics, by metric.

    Args:
        runs: Whose.
        metrics: Each a tag, or `GROUP/TAG`.
        group: Only this group; None: all.

    Raises:
        UsageError: No run has points of a metric; the message names those that there are.
    """
    every = [RunCurve(run, curve) for run in runs for curve in read_curves(run.folder)]
    if not every:
        names = ", ".join(run.id for run in runs[:5]) + (", …" if len(runs) > 5 else "")
        raise UsageError(f"no points yet in the event files of {names or 'no run'}")
    groups = dict.fromkeys(one.curve.group for one in every)
    if group is not None and group not in groups:
        near = did_you_mean(group, groups)
        raise UsageError(f"there is no group {group!r}; there are {', '.join(groups)}.{near}")
    there = [one for one in every if group in (None, one.curve.group)]
    return {metric: _with_metric(there, metric, group) for metric in metrics}


def _with_metric(curves: list[RunCurve], metric: str, group: str | None) -> list[RunCurve]:
    found = [one for one in curves if metric in _names(one.curve)]
    if not found:
        known = sorted({one.curve.points.tag for one in curves})
        near = did_you_mean(metric, known)
        where = f" in group {group!r}" if group else ""
        raise UsageError(f"no metric {metric!r}{where}; there are {', '.join(known)}.{near}")
    return found


def _names(curve: Curve) -> tuple[str, str]:
    return curve.points.tag, f"{curve.group}/{curve.points.tag}"


def smoothed(values: Iterable[float], weight: float) -> list[float]:
    """The weighted mean of each value and those before it, as TensorBoard smooths.

    A value that lies one point further back counts `weight` times as much. What is not a finite
    number stays, and does not count.

    >>> smoothed([1.0, 2.0, 4.0], 0.5)
    [1.0, 1.6666666666666667, 3.0]
    """
    total = weights = 0.0
    result = []
    for value in values:
        if value - value == 0:
            total, weights = weight * total + value, weight * weights + 1
        result.append(total / weights if value - value == 0 else value)
    return result


def _subfolders(folder: Path) -> list[Path]:
    try:
        below = [one for one in folder.iterdir() if not is_model_dir(one)]
        return sorted(one for one in below if one.is_dir() and event_files(one))
    except OSError:
        return []
