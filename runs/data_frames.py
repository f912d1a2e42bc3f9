"""Runs as pandas tables: every point of one run, or one row a run."""

import os
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrun.runs.curves import Curve, read_curves
from kerasrun.runs.errors import NoSuchRun, did_you_mean
from kerasrun.runs.fields import UNDEFINED, field
from kerasrun.runs.listing import list_runs
from kerasrun.runs.query import find_run
from kerasrun.runs.root import runs_root
from kerasrun.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {"time": "seconds"}  # an attribute's name, where the column has another
_TYPES = {
    **dict.fromkeys(("id", "name", "status"), "str"),
    **{"started": "datetime64[us, UTC]", "seconds": "float64"},
    **dict.fromkeys(("step", "max_steps"), "Int64"),
    **{"tags": "object", "note": "str"},
}
_ATTRIBUTES = ("id", "name", "status", "started", "time", "step", "max_steps", "tags", "note")


def scalars(
    run: Run | str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    tags: str | Collection[str] | None = None,
) -> "pd.DataFrame":
    """Every point of every metric of a run.

    Args:
        run: A run, or an id or a name as on the command line, or a folder with event files.
        root: Where runs live; found as the command finds it when None.
        tags: Only these metrics; None: all.

    Returns:
        Columns `run`, `group` (`train`, `eval`, or `eval_NAME` of a named evaluation), `tag`,
        `step`, `wall_time` (seconds since 1970) and `value`; steps ascend within a tag. Of a step
        that a resumed run wrote twice the last value is there.

    Raises:
        NoSuchRun, AmbiguousRun, UnreadableRun: As `find_run`.
        FileNotFoundError: There is no such folder.
        ValueError: The run has points, but none of these metrics.
    """
    folder = _folder_of(run, root)
    curves = read_curves(folder)
    if tags is not None:
        wanted = {tags} if isinstance(tags, str) else set(tags)
        known = {curve.points.tag for curve in curves}
        if known and not known & wanted:
            asked = sorted(wanted)
            near = did_you_mean(asked[0], known) if asked else ""
            raise ValueError(
                f"run {folder.name} has no metric {' or '.join(map(repr, asked))}; it has "
                f"{', '.join(sorted(known))}.{near}"
            )
        curves = [curve for curve in curves if curve.points.tag in wanted]
    return points_table(folder.name, curves)


def points_table(run_id: str, curves: Sequence[Curve]) -> "pd.DataFrame":
    """Curves of one run in the columns of `scalars`."""
    import numpy as np
    import pandas as pd

    counts = [len(curve.points.steps) for curve in curves]

    def texts(values: list[str]) -> Any:
        return pd.array(values, dtype="str").repeat(counts)

    def numbers(parts: list[Any], kind: str) -> Any:
        return np.concatenate([np.zeros(0, kind), *parts])

    return pd.DataFrame(
        {
            "run": texts([run_id] * len(curves)),
            "group": texts([curve.group for curve in curves]),
            "tag": texts([curve.points.tag for curve in curves]),
            "step": numbers([curve.points.steps for curve in curves], "i8"),
            "wall_time": numbers([curve.points.wall_times for curve in curves], "f8"),
            "value": numbers([curve.points.values for curve in curves], "f8"),
        }
    )


def frame(
    where: str | None = None,
    root: str | os.PathLike[str] | None = None,
    *,
    states: Collection[str] = (),
    sort: Sequence[str] = (),
    limit: int | None = None,
) -> "pd.DataFrame":
    """One row a run, the newest first.

    Args:
        where: A condition, see `kerasrun.runs.where`; None: all runs.
        root: Where runs live; found as the command finds it when None.
        states: Only runs of these states, as for `list_runs`.
        sort: Fields to sort by, `-` before one: the greatest first.
        limit: How many rows at most.

    Returns:
        Columns `id`, `name`, `status`, `started`, `seconds`, `step`, `max_steps`, `tags`, `note`;
        `param:NAME` for each parameter; `metric:NAME` for the last value of each metric, of the
        evaluation or else of the training. Runs that cannot be read are warned of.

    Raises:
        UsageError: A condition, a state or a field is wrong.
    """
    import pandas as pd

    listing = list_runs(runs_root(root), limit=limit, where=where, states=states, sort=sort)
    for error in listing.unreadable:
        warnings.warn(str(error), stacklevel=2)
    runs = listing.runs
    table = {_COLUMNS.get(name, name): _values(f"attr:{name}", runs) for name in _ATTRIBUTES}
    table = {name: pd.Series(values, dtype=_TYPES[name]) for name, values in table.items()}
    for asked in [*_params(runs), *_metrics(runs)]:
        table[asked] = pd.Series(_values(asked, runs), dtype=None if runs else "object")
    return pd.DataFrame(table)


def _folder_of(run: Run | str | os.PathLike[str], root: str | os.PathLike[str] | None) -> Path:
    if isinstance(run, Run):
        return run.folder
    if isinstance(run, str):
        try:
            return find_run(run, runs_root(root)).folder
        except NoSuchRun:
            if not Path(run).expanduser().is_dir():
                raise
    folder = Path(run).expanduser().resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    return folder


def _values(asked: str, runs: Sequence[Run]) -> Any:
    values = [field(asked).of(run) for run in runs]
    return [None if value is UNDEFINED else value for value in values]


def _params(runs: Sequence[Run]) -> list[str]:
    return [f"param:{name}" for name in sorted({name for run in runs for name in run.params})]


def _metrics(runs: Sequence[Run]) -> list[str]:
    groups = [group for run in runs for group in run.metrics.get("metrics", {}).values()]
    return [f"metric:{tag}" for tag in sorted({tag for group in groups for tag in group})]
