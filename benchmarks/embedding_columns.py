"""A column of a million hash buckets, embedded: training it row by row against whole.

A process a system; rounds interleaved; medians of the ratios round by round, with their range.
"""

import statistics
import sys
from collections.abc import Iterator

from benchmarks.processes import answer
from benchmarks.training import LEGACY_PYTHON
from benchmarks.verdicts import Verdict

_OURS, _LAYERS, _LEGACY = "kerasrun", "kerasrun, layers", "tf.estimator"
_GOALS: dict[str, float | None] = {"fit": 10, "fit, layers": 10, _LAYERS: None, _LEGACY: 1}
_KEYS = ("wall_us", "cpu_us", "peak_mb")
Round = dict[str, dict[str, float]]


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints microseconds a step and memory; yields the ratios."""
    systems = [_OURS, "fit"] if quick else [_OURS, *_peers()]
    rounds = [{one: _one(one, quick) for one in systems} for _ in range(2 if quick else 3)]
    for system in systems:
        wall, cpu, peak = (statistics.median(r[system][key] for r in rounds) for key in _KEYS)
        print(
            f"columns    {system:18} {wall:9.0f} µs a step   {cpu:9.0f} CPU µs   "
            f"{1e6 / wall:7.0f} steps/s   {peak:6.0f} MB"
        )
    for peer in systems[1:]:
        faster = [r[peer]["wall_us"] / r[_OURS]["wall_us"] for r in rounds]
        yield Verdict(f"a million rows: times faster than {peer}", faster, _GOALS[peer])
        memory = [r[_OURS]["peak_mb"] / r[peer]["peak_mb"] for r in rounds]
        yield Verdict(f"a million rows: times the memory of {peer}", memory, None, at_most=True)


def _peers() -> list[str]:
    if not LEGACY_PYTHON.exists():
        print("columns    tf.estimator 2.15 is not measured: `make bench-legacy` sets it up")
    return [peer for peer in _GOALS if peer != _LEGACY or LEGACY_PYTHON.exists()]


def _one(system: str, quick: bool) -> dict[str, float]:
    python = str(LEGACY_PYTHON) if system == _LEGACY else sys.executable
    seconds = "2" if quick else "5"
    return dict(answer([python, "-m", "benchmarks.embedding_systems", system, seconds]))
