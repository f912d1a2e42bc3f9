"""Where a process stands in its cluster: what TF_CONFIG says, read and written without TensorFlow.

One process leads: it trains, saves, and writes the run's files: the chief or master, else the first
worker. Names are TF_CONFIG's own, as TensorFlow's messages and the pods of a TFJob have them; so
beside a master the first worker is `worker 0`.
"""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasrun.runs.errors import UsageError, did_you_mean

MASTER, CHIEF, WORKER, EVALUATOR, PS = "master", "chief", "worker", "evaluator", "ps"
TF_CONFIG = "TF_CONFIG"
TIMEOUT_VARIABLE = "KERASRUN_WORKER_TIMEOUT_SECS"  # the bridge reads it, too
_LEADERS = (MASTER, CHIEF)


@dataclass(frozen=True)
class Place:
    """One process of a cluster.

    Attributes:
        cluster: The addresses, `host:port`, by task type.
        task_type: `master`, `chief`, `worker`, `evaluator` or `ps`.
        index: Its number among those of its type.
    """

    cluster: Mapping[str, Sequence[str]]
    task_type: str
    index: int

    @property
    def leads(self) -> bool:
        """Whether it writes the run's files: the chief or master, else worker 0."""
        if self.task_type == WORKER and not any(kind in self.cluster for kind in _LEADERS):
            return self.index == 0
        return self.task_type in _LEADERS

    @property
    def name(self) -> str:
        """`master`, `chief`, `worker 1`, `evaluator`."""
        return f"worker {self.index}" if self.task_type == WORKER else self.task_type

    @property
    def trainers(self) -> int:
        """How many processes train."""
        return sum(len(self.cluster.get(kind, ())) for kind in (*_LEADERS, WORKER))

    @property
    def tf_config(self) -> str:
        """The content of TF_CONFIG."""
        cluster = {kind: list(addresses) for kind, addresses in self.cluster.items()}
        task = {"type": self.task_type, "index": self.index}
        return json.dumps({"cluster": cluster, "task": task})


def places_of(addresses: Sequence[str]) -> list[Place]:
    """The places in a cluster of a master, at the first address, and workers at the others.

    >>> [place.name for place in places_of(["a:1", "b:1", "c:1"])]
    ['master', 'worker 0', 'worker 1']
    """
    cluster = {MASTER: list(addresses[:1]), WORKER: list(addresses[1:])}
    cluster = {kind: found for kind, found in cluster.items() if found}
    workers = [Place(cluster, WORKER, index) for index in range(len(addresses) - 1)]
    return [Place(cluster, MASTER, 0), *workers]


def local_places(workers: int) -> list[Place]:
    """The places in a cluster of this many processes on this machine, on ports free just now.

    Raises:
        OSError: There are not so many ports.
    """
    sockets = [socket.socket() for _ in range(workers)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return places_of([f"127.0.0.1:{one.getsockname()[1]}" for one in sockets])
    finally:
        for one in sockets:
            one.close()


def place_among(hosts: str, index: int) -> Place:
    """The place of the host with this number in a list `host:port,host:port,...`.

    Raises:
        UsageError: An address has no port or comes twice, or there is no host of this number.
    """
    addresses = [address.strip() for address in hosts.split(",")]
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not host or not (port.isdigit() and 0 < int(port) < 2**16):
            raise UsageError(f"--hosts: {address!r} is no address, expected HOST:PORT")
        if addresses.count(address) > 1:
            raise UsageError(f"--hosts: {address} comes twice; each process needs its own address")
    if not 0 <= index < len(addresses):
        raise UsageError(
            f"--task-index {index}: --hosts names {len(addresses)}, so it must be from 0 to "
            f"{len(addresses) - 1}"
        )
    return places_of(addresses)[index]


def place_from_environ(environ: Mapping[str, str] = os.environ) -> Place | None:
    """The place that TF_CONFIG names; None where it is absent, or names no other process.

    Raises:
        UsageError: It cannot be read, or has parameter servers.
    """
    text = environ.get(TF_CONFIG, "").strip()
    if not text:
        return None
    try:
        content = json.loads(text)
        place = _place(content)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UsageError(
            f"the environment variable TF_CONFIG cannot be used: {error}. Expected JSON such as "
            '{"cluster": {"chief": ["host0:2222"], "worker": ["host1:2222"]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from error
    if place is None or (place.trainers <= 1 and place.task_type != EVALUATOR):
        return None
    return place


def _place(content: Any) -> Place | None:
    cluster = content.get("cluster") or {}
    if not cluster:
        return None
    addresses = {str(kind): [str(one) for one in found] for kind, found in cluster.items()}
    if PS in addresses:
        raise ValueError(
            "its cluster has parameter servers (ps), and training here is synchronous, without "
            "them: name these nodes as workers, or leave them out"
        )
    task = content["task"]
    task_type, index = str(task["type"]), int(task["index"])
    if task_type not in addresses and task_type != EVALUATOR:
        raise ValueError(
            f"its task type {task_type!r} is not in its cluster."
            f"{did_you_mean(task_type, addresses)}"
        )
    if task_type != EVALUATOR and not 0 <= index < len(addresses[task_type]):
        raise ValueError(f"there is no {task_type} {index} in its cluster")
    return Place(addresses, task_type, index)
