"""Training through the bridge against Keras's `fit`, the bare step and `tf.estimator` 2.15.

A process a system; rounds interleaved; medians of the ratios round by round, with their range.
"""

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import answer
from benchmarks.verdicts import Verdict

LEGACY_PYTHON = Path(__file__).parents[1] / ".venv-legacy" / "bin" / "python"
_LIMITS = ("loop", "scan")
_KEYS = ("wall_us", "cpu_us")
Round = dict[str, dict[str, float]]


class _Goal(NamedTuple):
    """How much faster than a peer training is to be; the bare step: at most so many times it."""

    peer: str
    times: float


_BARE, _LEGACY = "bare step", "tf.estimator"
_GOALS = {
    "iris": [_Goal(_LEGACY, 10), _Goal("fit", 20), _Goal("fit+", 20), _Goal(_BARE, 1.3)],
    "wide-deep-adagrad": [_Goal(_LEGACY, 1.1), _Goal("fit", 2.0), _Goal(_BARE, 1.1)],
    "wide-deep-adam": [_Goal(_LEGACY, 1.4), _Goal("fit", 1.6), _Goal(_BARE, 1.1)],
    "cnn": [_Goal(_LEGACY, 1.15), _Goal("fit", 1.4), _Goal("fit+", 1.4), _Goal(_BARE, 1.05)],
}


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints microseconds a step; yields the ratios."""
    if not quick and not LEGACY_PYTHON.exists():
        print("training   tf.estimator 2.15 is not measured: `make bench-legacy` sets it up")
    for task, goals in _GOALS.items():
        if quick and task != "iris":
            continue
        systems = _systems(task, [goal.peer for goal in goals], quick)
        rounds = [
            {system: _one(system, task, quick) for system in systems}
            for _ in range(2 if quick else 3)
        ]
        for system in systems:
            wall, cpu = (statistics.median(r[system][k] for r in rounds) for k in _KEYS)
            print(f"training   {task:18} {system:12} {wall:9.0f} µs a step   {cpu:9.0f} CPU µs")
        for goal in goals:
            if goal.peer == _BARE or goal.peer in systems:
                yield _judge(task, goal, rounds)


def _systems(task: str, peers: list[str], quick: bool) -> list[str]:
    limits = _LIMITS if task == "iris" else _LIMITS[:1]  # a scan is slower elsewhere
    legacy = LEGACY_PYTHON.exists() and not quick
    there = [peer for peer in peers if peer != _BARE and (peer != _LEGACY or legacy)]
    return ["kerasrun", *there, *limits]


def _judge(task: str, goal: _Goal, rounds: list[Round]) -> Verdict:
    ours = [r["kerasrun"]["wall_us"] for r in rounds]
    if goal.peer == _BARE:
        best = [min(r[s]["wall_us"] for s in _LIMITS if s in r) for r in rounds]
        ratios = [mine / theirs for mine, theirs in zip(ours, best, strict=True)]
        return Verdict(f"{task}: times the {_BARE}", ratios, goal.times, at_most=True)
    ratios = [r[goal.peer]["wall_us"] / mine for r, mine in zip(rounds, ours, strict=True)]
    return Verdict(f"{task}: times faster than {goal.peer}", ratios, goal.times)


def _one(system: str, task: str, quick: bool) -> dict[str, float]:
    seconds = "3" if quick else "6"
    command = [sys.executable, "-m", "benchmarks.training_systems", system, task, seconds]
    if system == _LEGACY:
        command = [str(LEGACY_PYTHON), "-m", "benchmarks.legacy_systems", task, seconds]
    return dict(answer(command))
