"""Two processes that train together against one, and against TensorFlow's own loop for two.

On one machine two processes share the cores that one has to itself: the ratio against one process
says what a rehearsal costs, not what a second machine brings.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.verdicts import Verdict

_ALONE, _ONE_CORE, _TWO, _BARE = "one process", "one process, one core", "two", "two, bare strategy"
# Units of the two hidden layers, batch, steps of a stretch.
_TASKS = {
    "small, batch 64": (16, 64, 200),
    "2.2M weights, batch 256": (1450, 256, 10),
    "2.2M weights, batch 2,048": (1450, 2048, 4),
}
_TIMEOUT_SECS = 240


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints milliseconds a step; yields the ratios."""
    for task, sizes in _TASKS.items():
        if quick and task != "small, batch 64":
            continue
        rounds = [_round(sizes, quick=quick) for _ in range(1 if quick else 3)]
        for system in rounds[0]:
            median = statistics.median(one[system] for one in rounds)
            print(f"workers    {task:26} {system:22} {median:9.2f} ms a step", flush=True)
        goals = {_BARE: 1.0, _ALONE: None, _ONE_CORE: None}
        for peer, goal in goals.items():
            if peer in rounds[0]:
                ratios = [one[peer] / one[_TWO] for one in rounds]
                yield Verdict(f"two workers, {task}: times as fast as {peer}", ratios, goal)


def _round(sizes: tuple[int, int, int], *, quick: bool) -> dict[str, float]:
    found = {_ALONE: _one("ours", sizes), _TWO: _two("ours", sizes), _BARE: _two("bare", sizes)}
    if not quick:
        found[_ONE_CORE] = _one("ours", sizes, core=0)
    return found


def _one(system: str, sizes: tuple[int, int, int], core: int | None = None) -> float:
    return _answer(_started(system, sizes, {}, core))


def _two(system: str, sizes: tuple[int, int, int]) -> float:
    """Each process has a core of its own."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _free_ports(2)]}
    started = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        config = {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}
        started.append(_started(system, sizes, config, index))
    try:
        return max(_answer(one) for one in started)
    finally:
        for one in started:
            one.kill()


def _started(
    system: str, sizes: tuple[int, int, int], environment: dict[str, str], core: int | None
) -> subprocess.Popen[str]:
    pinned = [] if core is None else ["taskset", "--cpu-list", str(_cores()[core])]
    return subprocess.Popen(
        [*pinned, sys.executable, "-m", "benchmarks.workers_systems", system, *map(str, sizes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
    )


def _answer(process: subprocess.Popen[str]) -> float:
    out, _ = process.communicate(timeout=_TIMEOUT_SECS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, out)
    return float(json.loads(out.splitlines()[-1]))


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) * 2


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
