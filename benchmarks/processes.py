"""CPU time of whole processes, measured in turn so that a noisy machine disturbs both alike."""

import os
import statistics
import subprocess
from collections.abc import Sequence


def cpu_secs(command: Sequence[str]) -> float:
    """Runs a command to its end and returns the CPU seconds, user and system, that it took.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    after = os.times()
    spent = after.children_user - before.children_user
    return spent + after.children_system - before.children_system


def ratio(ours: Sequence[str], peer: Sequence[str], pairs: int) -> tuple[float, float, float]:
    """Runs the two commands in turn; one pair before that is not counted.

    Returns:
        The medians of our seconds, of the peer's, and of the ratios pair by pair.
    """
    measured = [(cpu_secs(ours), cpu_secs(peer)) for _ in range(pairs + 1)][1:]
    ratios = [mine / theirs for mine, theirs in measured]
    mine, theirs = zip(*measured, strict=True)
    return statistics.median(mine), statistics.median(theirs), statistics.median(ratios)
