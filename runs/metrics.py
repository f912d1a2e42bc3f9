"""`metrics.json`: the summary of every metric, so that listing runs opens no event file."""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerasrun.runs import clock
from kerasrun.runs.json_file import write_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.records import read_metrics_file

SCHEMA = 1
_KEPT_GAPS = 100


class MetricsFile:
    """Gathers values and writes their summary: at each evaluation, and at most every 10 s.

    A run that is resumed goes on with the summary that is there (see `resumed_at`). A disk that
    cannot be written never stops the training: what was not written comes with the next write.

    Args:
        files: The run's.
        every_secs: The least time between two writes while training.
        monotonic: A clock in seconds.
        failed: Told why the file could not be written, each time.
        path: Where it is written; `metrics.json` when None.
    """

    def __init__(
        self,
        files: RunFiles,
        *,
        every_secs: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
        failed: Callable[[OSError], None] = lambda error: None,
        path: Path | None = None,
    ) -> None:
        self._path = path or files.metrics_json
        self._every_secs = every_secs
        self._monotonic = monotonic
        self._failed = failed
        self._written: float | None = None
        self._last_progress: float | None = None
        self._gaps: deque[float] = deque(maxlen=_KEPT_GAPS)
        self._content = _read_or_new(self._path)

    def resumed_at(self, step: int) -> None:
        """An attempt is about to train from `step` on: what was reported after it comes again.

        No point is kept, so none can be taken back. A metric that was first reported after `step`
        is forgotten. Of the others, a point that comes again replaces the last one, and is not
        counted (see `add_point`). So a run that was killed ends with the summaries of an unbroken
        one, if it gives the same values at the same steps. Where it does not, the least and the
        greatest value may be of a point that no longer counts, and `n` counts the points of the
        killed attempt up to where that had come. While evaluations are at fixed steps, the
        training's own points are a matter of time.
        """
        self._content["step"] = step
        checkpoint = self._content["checkpoint"]
        if checkpoint and checkpoint["step"] > step:  # it is damaged, or somebody removed it
            self._content["checkpoint"] = None
        for summaries in self._content["metrics"].values():
            for tag in [tag for tag, known in summaries.items() if known["first_step"] > step]:
                del summaries[tag]

    def progress(
        self,
        step: int,
        max_steps: int | None,
        values: Mapping[str, float],
        steps_per_sec: float | None,
    ) -> None:
        """Training has come to `step`; `values` are its means since the last time."""
        self._note_gap()
        self._content.update(step=step, max_steps=max_steps, steps_per_sec=steps_per_sec)
        self._add("train", step, values)
        self._write_if_due()

    def points(self, group: str, step: int, values: Mapping[str, float]) -> None:
        """A point of each of these metrics, of any group."""
        self._note_gap()
        self._content["step"] = max(step, self._content["step"] or 0)
        self._add(group, step, values)
        self._write_if_due()

    def evaluated(
        self, name: str | None, step: int, values: Mapping[str, float], path: str | None = None
    ) -> None:
        """An evaluation of the checkpoint of `step`, at `path`, has ended.

        The process that saved it may have been killed before it could say so.
        """
        self._add("eval" if name is None else f"eval_{name}", step, values)
        if path and step > (self._content["step"] or 0):
            self.checkpoint_saved(path, step)
        self.write()

    def loop_chosen(self, name: str, why: str, secs_per_step: Mapping[str, float]) -> None:
        """The loop `name` runs the steps; `secs_per_step` is what was measured, by loop."""
        self._content["loop"] = {"name": name, "why": why, "secs_per_step": dict(secs_per_step)}

    def checkpoint_saved(self, path: str, step: int) -> None:
        """A checkpoint of `step` lies at `path`."""
        self._content["checkpoint"] = {"path": path, "step": step}
        self._content["step"] = max(step, self._content["step"] or 0)

    def write(self) -> None:
        """Writes what there is."""
        self._content["updated"] = clock.to_text(clock.now())
        self._content["gap_secs"] = self._gap_summary()
        self._written = self._monotonic()
        try:
            write_json(self._path, self._content)
        except OSError as error:
            self._failed(error)

    def _write_if_due(self) -> None:
        if self._written is None or self._monotonic() - self._written >= self._every_secs:
            self.write()

    def _add(self, group: str, step: int, values: Mapping[str, float]) -> None:
        summaries = self._content["metrics"].setdefault(group, {})
        for tag, value in values.items():
            summaries[tag] = add_point(summaries.get(tag), step, float(value))

    def _note_gap(self) -> None:
        now = self._monotonic()
        if self._last_progress is not None:
            self._gaps.append(now - self._last_progress)
        self._last_progress = now

    def _gap_summary(self) -> dict[str, float] | None:
        if not self._gaps:
            return None
        return {"median": statistics.median(self._gaps), "longest": max(self._gaps)}


def add_point(summary: Mapping[str, Any] | None, step: int, value: float) -> dict[str, Any]:
    """The summary of a metric with one value more; NaN counts but is neither least nor greatest.

    A point at a step up to which points were counted before is the last, but is not counted again;
    until it is passed, `counted_to` keeps that step.

    >>> point = add_point(add_point(None, 100, 0.5), 200, 0.25)
    >>> point["last"], point["min_step"], point["max"], point["n"]
    (0.25, 200, 0.5, 2)
    >>> again = add_point(point, 150, 0.75)
    >>> again["last_step"], again["n"], again["counted_to"]
    (150, 2, 200)
    """
    known = dict(summary) if summary else {"first": value, "first_step": step, "n": 0}
    counted_to = known.pop("counted_to", known.get("last_step", -1))
    known.update(last=value, last_step=step)
    if step > counted_to:
        known["n"] += 1
    elif step < counted_to:
        known["counted_to"] = counted_to
    if not math.isnan(value):
        if known.get("min") is None or value < known["min"]:
            known.update(min=value, min_step=step)
        if known.get("max") is None or value > known["max"]:
            known.update(max=value, max_step=step)
    return known


def _read_or_new(path: Path) -> dict[str, Any]:
    new: dict[str, Any] = {"schema": SCHEMA, "step": None, "max_steps": None, "checkpoint": None}
    return {**new, "metrics": {}, **read_metrics_file(path)}
