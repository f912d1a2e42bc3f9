"""Who starts the processes of a training: this command itself, or Ray on the nodes of its cluster.

It imports Ray only where it is used.
"""

import contextlib
import importlib.util
import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasrun.runs.errors import RunError, UsageError, did_you_mean

LOCAL, RAY = ENGINES = ("local", "ray")
NO_RAY = "--engine ray needs Ray: pip install 'kerasrun[ray]'"
ADDRESS_VARIABLE = "RAY_ADDRESS"
_AUTH_VARIABLE = "RAY_AUTH_MODE"
_AUTH_HINT = f". If that cluster asks for a token, set {_AUTH_VARIABLE}=token, as Ray wants it"
_CONNECT_SECS = 5.0


def check_engine(engine: str) -> None:
    """Raises unless there is an engine of this name, and what it needs is installed.

    Raises:
        UsageError: There is none, or Ray is not installed.
    """
    if engine not in ENGINES:
        near = did_you_mean(engine, ENGINES)
        raise UsageError(f"--engine {engine}: expected one of {', '.join(ENGINES)}.{near}")
    if engine == RAY and importlib.util.find_spec("ray") is None:
        raise UsageError(NO_RAY)


def check_workers_of(engine: str | None, **shares: float | None) -> None:
    """Raises unless there is this engine, and it can give its workers what is asked.

    Args:
        engine: None: `local`.
        shares: What each worker is to be given, by the names of the options; None: not asked.

    Raises:
        UsageError: It is unknown, not installed, or gives nothing.
    """
    if engine is not None:
        check_engine(engine)
    for name, value in shares.items() if engine != RAY else ():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is what Ray gives each worker: it needs --engine ray")


@contextmanager
def connected_ray(cpus: int, environment: dict[str, str]) -> Iterator[Any]:
    """The module `ray`, connected to the cluster of `RAY_ADDRESS`, else to one started for this.

    One that is started here ends with the block.

    Args:
        cpus: How many CPUs one that is started here has at least.
        environment: What Ray reads from the environment; it stays there.

    Raises:
        UsageError: Ray is not installed.
        RunError: There is no cluster at `RAY_ADDRESS`, or none can be started.
    """
    os.environ.update(environment)
    try:
        import ray
    except ImportError:
        raise UsageError(NO_RAY) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _connect(ray, cpus)
            yield ray
        finally:
            ray.shutdown()


def _connect(ray: Any, cpus: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    address, hint = os.environ.get(ADDRESS_VARIABLE), ""
    try:
        if address:
            _check_answers(address)
            hint = "" if _AUTH_VARIABLE in os.environ else _AUTH_HINT
            ray.init(**quiet)
        else:
            ray.init(num_cpus=max(cpus, os.cpu_count() or 1), include_dashboard=False, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at {ADDRESS_VARIABLE}={address}" if address else "Ray"
        raise RunError(f"{where} cannot be used: {error}{hint}") from error


def _check_answers(address: str) -> None:
    """Raises OSError where nobody listens: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        with contextlib.closing(socket.create_connection((host, int(port)), timeout=_CONNECT_SECS)):
            pass
