"""CPU time of whole processes, measured in turn so that a noisy machine disturbs both alike."""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from typing import Any, NamedTuple


def answer(command: Sequence[str], timeout_secs: float = 300) -> Any:
    """Runs a command with TensorFlow's messages off; returns the JSON of its last line.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    ended = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=timeout_secs,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return json.loads(ended.stdout.splitlines()[-1])


class Spent(NamedTuple):
    """Seconds that a process took: on the clock, and of CPU, user and system together."""

    wall: float
    cpu: float


def spent(command: Sequence[str]) -> Spent:
    """Runs a command to its end and returns what it took.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    before, begun = os.times(), time.perf_counter()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120
    )
    after, wall = os.times(), time.perf_counter() - begun
    cpu = after.children_user - before.children_user
    return Spent(wall, cpu + after.children_system - before.children_system)


def pairs_of(
    ours: Sequence[str], peer: Sequence[str], pairs: int
) -> tuple[float, float, list[float]]:
    """Runs the two commands in turn; one pair before that is not counted.

    Returns:
        The medians of our CPU seconds and of the peer's, and the ratios pair by pair.
    """
    measured = [(spent(ours).cpu, spent(peer).cpu) for _ in range(pairs + 1)][1:]
    ratios = [mine / theirs for mine, theirs in measured]
    mine, theirs = zip(*measured, strict=True)
    return statistics.median(mine), statistics.median(theirs), ratios
