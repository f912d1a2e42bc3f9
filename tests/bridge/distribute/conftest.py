"""What tests of several processes share."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ROOT = str(Path(__file__).parents[3])


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
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": _ROOT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
