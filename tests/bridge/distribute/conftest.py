"""What tests of several processes share."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., subprocess.Popen[bytes]]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def addresses(count: int) -> list[str]:
    """As many on this machine."""
    return [f"127.0.0.1:{port}" for port in free_ports(count)]


def tf_config(cluster: dict[str, list[str]], task_type: str, index: int = 0) -> dict[str, str]:
    """The environment of one process of a cluster."""
    task = {"type": task_type, "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def start_python(
    arguments: Sequence[Any], log: Path, **environment: str
) -> subprocess.Popen[bytes]:
    """Starts a Python program whose output goes to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python programs, and ends those that are left."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(arguments: Sequence[Any], log: Path, **environment: str) -> subprocess.Popen[bytes]:
        started.append(start_python(arguments, log, **environment))
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
