"""Training through the bridge against Keras's `fit` and the bare compiled step.

A process a system; rounds interleaved; medians of the ratios round by round, with their range.
"""

import json
import os
import statistics
import subprocess
import sys
from typing import NamedTuple

_TIMEOUT_SECS = 300


class Goal(NamedTuple):
    """How much faster than a peer training is to be; the limit: at most so many times its time."""

    peer: str
    times: float


_GOALS = {
    "iris": [Goal("fit", 20.0), Goal("fit+", 20.0), Goal("limit", 1.3)],
    "wide-deep-adagrad": [Goal("fit", 2.0), Goal("limit", 1.1)],
    "wide-deep-adam": [Goal("fit", 1.6), Goal("limit", 1.1)],
    "cnn": [Goal("fit", 1.4), Goal("fit+", 1.4), Goal("limit", 1.05)],
}
_LIMITS = ("loop", "scan")


def measure(quick: bool) -> None:
    """Prints microseconds a step, the ratios, and whether the goals are met."""
    for task, goals in _GOALS.items():
        if quick and task != "iris":
            continue
        limits = _LIMITS if task == "iris" else _LIMITS[:1]  # a scan is slower elsewhere
        peers = [goal.peer for goal in goals if goal.peer != "limit"]
        systems = ["kerasrun", *peers, *limits]
        rounds = [
            {system: _one(system, task, quick) for system in systems}
            for _ in range(2 if quick else 3)
        ]
        for system in systems:
            wall, cpu = (statistics.median(r[system][k] for r in rounds) for k in _KEYS)
            print(f"training   {task:18} {system:9} {wall:9.0f} µs a step   {cpu:9.0f} CPU µs")
        for goal in goals:
            _judge(task, goal, rounds)


_KEYS = ("wall_us", "cpu_us")


def _judge(task: str, goal: Goal, rounds: list[dict[str, dict[str, float]]]) -> None:
    ours = [r["kerasrun"]["wall_us"] for r in rounds]
    if goal.peer == "limit":
        best = [min(r[s]["wall_us"] for s in _LIMITS if s in r) for r in rounds]
        ratios = [mine / theirs for mine, theirs in zip(ours, best, strict=True)]
        met = statistics.median(ratios) <= goal.times
        said = f"its time against the bare step, goal <= {goal.times}"
    else:
        ratios = [r[goal.peer]["wall_us"] / mine for r, mine in zip(rounds, ours, strict=True)]
        met = statistics.median(ratios) >= goal.times
        said = f"times faster than {goal.peer}, goal >= {goal.times}"
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    verdict = "met" if met else "NOT MET"
    print(f"training   {task:18} {statistics.median(ratios):.2f} ({spread}) {said}: {verdict}")


def _one(system: str, task: str, quick: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.training_systems", system, task]
    ended = subprocess.run(
        [*command, "2" if quick else "6"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_TIMEOUT_SECS,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return dict(json.loads(ended.stdout.splitlines()[-1]))
