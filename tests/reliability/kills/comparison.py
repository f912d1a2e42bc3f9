"""Whether two runs came to the same: weights, events, exports, records."""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator

_A_SPEED = "global_step/sec"  # its values are no result; its steps are
Points = list[tuple[int, float]]


class Comparison:
    """The differences between an unbroken run and one that was killed.

    Args:
        unbroken: The folder of the first.
        killed: That of the second.

    Attributes:
        largest: The largest difference between two weights.
        compared: How many variables were compared, in checkpoints and exports.
        differences: What differs, one sentence each.
    """

    def __init__(self, unbroken: Path, killed: Path) -> None:
        self.largest = 0.0
        self.compared = 0
        self.differences = [
            *self._weights(unbroken, killed),
            *_of_events(unbroken, killed),
            *self._exports(unbroken, killed),
            *_of_records(unbroken, killed),
            *(f"{path.relative_to(killed)} is left over" for path in _left_over(killed)),
        ]

    def _weights(self, unbroken: Path, killed: Path) -> Iterator[str]:
        newest = [tf.train.latest_checkpoint(str(folder)) for folder in (unbroken, killed)]
        names = [path and Path(path).name for path in newest]
        if names[0] != names[1]:
            yield f"the newest checkpoint is {names[1]}, not {names[0]}"
        else:
            yield from self._variables(names[0], *newest)

    def _variables(self, what: str, *prefixes: str) -> Iterator[str]:
        """Compares, in the precision that they have, the numbers that lie at two prefixes."""
        one, other = map(_numbers, prefixes)
        if one.keys() != other.keys():
            yield f"{what}: only in one of them are {sorted(one.keys() ^ other.keys())}"
            return
        for name, expected in one.items():
            found = other[name]
            self.compared += 1
            if expected.dtype != found.dtype or expected.shape != found.shape:
                yield f"{what}: {name} is {found.dtype} {found.shape}"
            elif expected.tobytes() != found.tobytes():
                difference = _distance(expected, found)
                self.largest = max(self.largest, difference)
                yield f"{what}: {name} differs by {difference}"

    def _exports(self, unbroken: Path, killed: Path) -> Iterator[str]:
        exporters = [sorted(p.name for p in f.glob("export/*")) for f in (unbroken, killed)]
        if exporters[0] != exporters[1]:
            yield f"the exporters are {exporters[1]}, not {exporters[0]}"
            return
        for name in exporters[0]:
            folders = [sorted(f.glob(f"export/{name}/[0-9]*")) for f in (unbroken, killed)]
            if len(folders[0]) != len(folders[1]):
                yield f"export/{name}: {len(folders[1])} exports, not {len(folders[0])}"
                continue
            for one, other in zip(*folders, strict=True):
                variables = [str(folder / "variables/variables") for folder in (one, other)]
                yield from self._variables(f"export/{name}/{other.name}", *variables)
            best = [_json(f / f"export/{name}/best_result.json") for f in (unbroken, killed)]
            if best[0].get("eval_result") != best[1].get("eval_result") or "pending" in best[1]:
                yield f"export/{name}/best_result.json is {best[1]}, not {best[0]}"


def _numbers(prefix: str) -> dict[str, Any]:
    """The variables that are numbers, by name."""
    reader = tf.train.load_checkpoint(prefix)
    dtypes = reader.get_variable_to_dtype_map()
    names = sorted(name for name, dtype in dtypes.items() if dtype not in (tf.string, tf.variant))
    return {name: np.asarray(reader.get_tensor(name)) for name in names}


def _distance(one: Any, other: Any) -> float:
    """The largest; infinite where one of the two is no number."""
    distances = np.abs(one.astype("longdouble") - other.astype("longdouble"))
    return float(np.max(np.nan_to_num(distances, nan=np.inf), initial=0.0))


def _of_events(unbroken: Path, killed: Path) -> Iterator[str]:
    """As TensorBoard reads them: what a restart made void does not count."""
    logdirs = [_logdirs(folder) for folder in (unbroken, killed)]
    if logdirs[0] != logdirs[1]:
        yield f"there are events in {logdirs[1]}, not {logdirs[0]}"
    for logdir in sorted(logdirs[0] & logdirs[1]):
        expected, found = scalars(unbroken / logdir), scalars(killed / logdir)
        if expected.keys() != found.keys():
            yield f"events of {logdir}: the tags are {sorted(found)}, not {sorted(expected)}"
        for tag in sorted(expected.keys() & found.keys()):
            what = f"events of {logdir}: {tag}"
            yield from _of_points(what, expected[tag], found[tag], values=tag != _A_SPEED)


def _of_points(what: str, expected: Points, found: Points, *, values: bool) -> Iterator[str]:
    steps = [[step for step, _ in points] for points in (expected, found)]
    if steps[0] != steps[1]:
        yield f"{what} has the steps {steps[1]}, not {steps[0]}"
    elif values and expected != found:
        pairs = zip(expected, found, strict=True)
        others = [f"{b} at step {step}, not {a}" for (step, a), (_, b) in pairs if a != b]
        yield f"{what} is {'; '.join(others)}"


def _logdirs(folder: Path) -> set[str]:
    return {str(p.parent.relative_to(folder)) for p in folder.rglob("events.out.tfevents.*")}


def scalars(logdir: Path) -> Mapping[str, Points]:
    """What TensorBoard shows of a folder: steps and values by tag."""
    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it warns of each restart
    events = event_accumulator.EventAccumulator(str(logdir), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(point.step, point.value) for point in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def _of_records(unbroken: Path, killed: Path) -> Iterator[str]:
    """Evaluations only: between checkpoints a training's metrics are written as time allows."""
    metrics = [_json(folder / "metrics.json")["metrics"] for folder in (unbroken, killed)]
    groups = [{k: v for k, v in each.items() if k.startswith("eval")} for each in metrics]
    if groups[0] != groups[1]:
        yield f"metrics.json says {groups[1]}, not {groups[0]}"


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _left_over(folder: Path) -> list[Path]:
    return sorted({path for pattern in ("*tmp*", "temp-*") for path in folder.rglob(pattern)})
