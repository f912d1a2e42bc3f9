"""All points of a run as a pandas table, against TensorBoard's own reader."""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import answer, spent
from benchmarks.verdicts import Verdict

_POINTS = 100_000
_READ, _WHOLE = 5.0, 9.0

_OURS = """
import sys
from pathlib import Path
from kerasrun import runs
table = runs.scalars(Path(sys.argv[1]))
"""
# `tensors` too: the scalars of Keras are tensors.
_THEIRS = """
import sys
import pandas
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
rows = [
    (tag, one.step, one.wall_time, one.value)
    for tag in events.Tags()["scalars"]
    for one in events.Scalars(tag)
] + [
    (tag, one.step, one.wall_time, make_ndarray(one.tensor_proto).item())
    for tag in events.Tags()["tensors"]
    for one in events.Tensors(tag)
]
table = pandas.DataFrame(rows, columns=["tag", "step", "wall_time", "value"])
"""
# The seconds of reading alone: imports, and what the first use of a library loads, come before.
_TIMED = """
import json, sys, time
source, small = sys.argv[2], sys.argv[3]
folder, sys.argv[1] = sys.argv[1], small
exec(source)
sys.argv[1] = folder
begun = time.process_time()
exec(source)
print(json.dumps([time.process_time() - begun, len(table)]))
"""


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints the CPU seconds of both; yields their ratios."""
    rounds = 2 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        few = _written(Path(folder) / "few", 10, keras=False)
        for kind in ("estimator", "keras"):
            events = _written(Path(folder) / kind, _POINTS, keras=kind == "keras")
            pairs = [
                (_read(_OURS, events, few), _read(_THEIRS, events, few)) for _ in range(rounds)
            ]
            _print(f"{kind} events, reading", pairs)
            ratios = [theirs / ours for ours, theirs in pairs]
            yield Verdict(f"100,000 scalars ({kind}): times faster than TensorBoard", ratios, _READ)
        whole = [(_whole(_OURS, events), _whole(_THEIRS, events)) for _ in range(rounds)]
        _print("whole processes", whole)
        ratios = [theirs / ours for ours, theirs in whole]
        yield Verdict("100,000 scalars, process: times faster than TensorBoard", ratios, _WHOLE)


def _print(what: str, pairs: list[tuple[float, float]]) -> None:
    mine, theirs = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"scalars    {what}: {mine:.3f} CPU s   EventAccumulator {theirs:.2f} CPU s")


def _read(source: str, events: Path, few: Path) -> float:
    command = [sys.executable, "-c", _TIMED, str(events), source, str(few)]
    seconds, rows = answer(command)
    assert rows == _POINTS, rows
    return float(seconds)


def _whole(source: str, events: Path) -> float:
    return spent([sys.executable, "-c", source, str(events)]).cpu


def _written(folder: Path, points: int, *, keras: bool) -> Path:
    """Event files as an Estimator or as Keras writes them; two tags a step."""
    import tensorflow as tf

    from kerasrun.bridge.summaries import SummaryWriter

    steps = points // 2
    if keras:
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default():
            for step in range(steps):
                tf.summary.scalar("loss", 1 / (step + 1), step)
                tf.summary.scalar("accuracy", 0.9, step)
        writer.close()
    else:
        ours = SummaryWriter(str(folder))
        for step in range(steps):
            ours.scalars({"loss": 1 / (step + 1), "accuracy": 0.9}, step)
        ours.close()
    return folder
