"""Whether two runs came to the same: weights, events, exports, records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator

_NOT_OF_THE_RESULT = "global_step/sec"


class Comparison:
    """The differences between an unbroken run and one that was killed.

    Args:
        unbroken: The folder of the first.
        killed: That of the second.

    Attributes:
        largest: The largest difference between two weights.
        differences: What differs, one sentence each.
    """

    def __init__(self, unbroken: Path, killed: Path) -> None:
        self.largest = 0.0
        self.differences = [
            *self._weights(unbroken, killed),
            *_of_events(unbroken, killed),
            *self._exports(unbroken, killed),
            *_of_records(unbroken, killed),
            *(f"{path.relative_to(killed)} is left over" for path in _left_over(killed)),
        ]

    def _weights(self, unbroken: Path, killed: Path) -> Iterator[str]:
        newest = [tf.train.latest_checkpoint(str(folder)) for folder in (unbroken, killed)]
        yield from self._tensors("weights", *newest)

    def _tensors(self, what: str, one: str, other: str) -> Iterator[str]:
        readers = [tf.train.load_checkpoint(path) for path in (one, other)]
        names = [
            sorted(n for n, dtype in r.get_variable_to_dtype_map().items() if dtype != tf.string)
            for r in readers
        ]
        if names[0] != names[1]:
            yield f"{what}: {names[0]} is not {names[1]}"
            return
        for name in names[0]:
            first, second = (np.asarray(r.get_tensor(name), "float64") for r in readers)
            difference = float(np.max(np.abs(first - second), initial=0.0))
            self.largest = max(self.largest, difference)
            if not np.array_equal(first, second, equal_nan=True):
                yield f"{what}: {name} differs by {difference}"

    def _exports(self, unbroken: Path, killed: Path) -> Iterator[str]:
        exporters = [sorted(p.name for p in f.glob("export/*")) for f in (unbroken, killed)]
        if exporters[0] != exporters[1]:
            yield f"exporters: {exporters[0]} is not {exporters[1]}"
            return
        for name in exporters[0]:
            folders = [sorted(f.glob(f"export/{name}/[0-9]*")) for f in (unbroken, killed)]
            if len(folders[0]) != len(folders[1]):
                yield f"export/{name}: {len(folders[0])} exports, but {len(folders[1])}"
                continue
            for one, other in zip(*folders, strict=True):
                variables = [str(folder / "variables/variables") for folder in (one, other)]
                yield from self._tensors(f"export/{name}/{other.name}", *variables)
            best = [_json(f / f"export/{name}/best_result.json") for f in (unbroken, killed)]
            if best[0].get("eval_result") != best[1].get("eval_result") or "pending" in best[1]:
                yield f"export/{name}/best_result.json: {best[0]} is not {best[1]}"


def _of_events(unbroken: Path, killed: Path) -> Iterator[str]:
    """As TensorBoard reads them: what a restart made void does not count."""
    for logdir in (".", "eval"):
        expected, found = _scalars(unbroken / logdir), _scalars(killed / logdir)
        if sorted(expected) != sorted(found):
            yield f"events of {logdir}: the tags {sorted(expected)} are not {sorted(found)}"
            continue
        for tag, points in expected.items():
            steps = [[step for step, _ in each] for each in (points, found[tag])]
            if steps[0] != steps[1]:
                yield f"events of {logdir}: {tag} has the steps {steps[1]}, not {steps[0]}"
            elif tag != _NOT_OF_THE_RESULT and points != found[tag]:
                pairs = zip(points, found[tag], strict=True)
                yield f"events of {logdir}: {tag} {next(p for p in pairs if p[0] != p[1])}"


def _scalars(logdir: Path) -> dict[str, list[tuple[int, float]]]:
    events = event_accumulator.EventAccumulator(str(logdir), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(point.step, point.value) for point in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def _of_records(unbroken: Path, killed: Path) -> Iterator[str]:
    status = _json(killed / "exit.json").get("status")
    if status != "completed":
        yield f"exit.json says {status!r}"
    metrics = [_json(folder / "metrics.json")["metrics"]["eval"] for folder in (unbroken, killed)]
    if metrics[0] != metrics[1]:
        yield f"metrics.json: eval {metrics[0]} is not {metrics[1]}"


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _left_over(folder: Path) -> list[Path]:
    return [p for pattern in ("*tmp*", "temp-*") for p in folder.rglob(pattern)]
