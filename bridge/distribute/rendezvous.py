"""Waiting for the other processes of a cluster, before TensorFlow does.

TensorFlow's own wait has no end for the process that leads, says nothing of who is missing, and
hears no signal.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from kerasrun.bridge.errors import WorkerLostError

_LOGGER = logging.getLogger("tensorflow")
_POLL_SECS = 0.1
_CONNECT_SECS = 1.0
_TELL_EVERY_SECS = 10.0


def meet(
    own: str,
    others: Mapping[str, str],
    timeout_secs: float,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Returns when each of the others has been reached, and can reach this process.

    Args:
        own: `host:port` of this process. The port is listened on meanwhile.
        others: `host:port` of the others, by their names.
        timeout_secs: How long to wait for them.
        clock: Seconds from any start.

    Raises:
        WorkerLostError: Some did not come: it names them.
        ValueError: An address is no `host:port`, or this process cannot listen on its own.
    """
    missing = dict(others)
    begun = told = clock()
    with _listening(own):
        while True:
            missing = {n: address for n, address in missing.items() if not is_there(address)}
            if not missing:
                return
            now, listed = clock(), ", ".join(f"{n} ({a})" for n, a in missing.items())
            if now - begun > timeout_secs:
                raise WorkerLostError(
                    f"did not come within {timeout_secs:g} s: {listed}. All processes of the "
                    "cluster in TF_CONFIG must be started, with the same cluster",
                    list(missing),
                )
            if now - told > _TELL_EVERY_SECS:
                told = now
                _LOGGER.warning("Waiting for %s, for %.0f s so far.", listed, now - begun)
            time.sleep(_POLL_SECS)


def is_there(address: str) -> bool:
    """Whether somebody listens at `host:port`."""
    try:
        with socket.create_connection(_parts(address), _CONNECT_SECS):
            return True
    except OSError:
        return False


@contextmanager
def _listening(own: str) -> Iterator[None]:
    """Within it connections to the own port are taken, and closed."""
    _, port = _parts(own)
    try:
        listener = _server(port)
    except OSError as error:
        raise ValueError(
            f"This process is {own} by TF_CONFIG, but cannot listen there: {error.strerror}. "
            "Another process may have the port."
        ) from None

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # close alone leaves the thread waiting
        listener.close()
        thread.join(_CONNECT_SECS)


def _server(port: int) -> socket.socket:
    """Listens as TensorFlow will, at the addresses of IPv6, too."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(
            f"The cluster in TF_CONFIG must name each process as host:port; received {address!r}."
        )
    return host.strip("[]"), int(port)
