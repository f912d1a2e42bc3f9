"""Tells each of Ray's workers where it stands. It imports Ray: only who runs on Ray may import it.

Ray's own backend for TensorFlow does this too, but imports TensorFlow into each of its processes,
which then only wait for ours.
"""

import os
import random
import secrets
import socket
from typing import Any

from ray.train.backend import Backend, BackendConfig
from ray.util import get_node_ip_address

from kerasrun.runs.cluster.ray_link import GROUP_VARIABLE, Group

_PORTS = range(20_000, 32_000)  # below those that the system gives to anybody who asks for one
_TRIES = 100


class PlacesBackend(Backend):
    """Gathers the addresses of a new group of workers, and gives each all of them."""

    def on_start(self, worker_group: Any, backend_config: BackendConfig) -> None:
        """Called when the workers are there, before their work begins."""
        addresses, name = worker_group.execute(free_address), secrets.token_hex(4)
        for number in range(len(addresses)):
            group = Group(name, number, tuple(addresses))
            worker_group.execute_single(number, _set_group, group.to_text())


class PlacesConfig(BackendConfig):
    """Asks for `PlacesBackend`."""

    @property
    def backend_cls(self) -> type[Backend]:
        """The backend."""
        return PlacesBackend


def free_address() -> str:
    """This node's address with a port that nobody uses.

    Raises:
        OSError: None was found.
    """
    for port in random.sample(_PORTS, _TRIES):
        with socket.socket() as tried:
            try:
                tried.bind(("", port))
            except OSError:
                continue
            host = get_node_ip_address()  # type: ignore[no-untyped-call]
            return f"{host}:{port}"
    raise OSError(f"no free port from {_PORTS.start} to {_PORTS.stop - 1}")


def _set_group(text: str) -> None:
    os.environ[GROUP_VARIABLE] = text
