"""The processes of a cluster wait for each other, and say who is missing."""

import socket
import threading

import pytest

from kerasrun.bridge.distribute.rendezvous import is_there, meet
from kerasrun.bridge.errors import WorkerLostError
from tests.bridge.distribute.conftest import addresses, free_ports


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("127.0.0.1", socket.AF_INET),
        pytest.param(
            "::1",
            socket.AF_INET6,
            marks=pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="IPv6 is off here"),
        ),
    ],
)
def test_all_go_on_when_all_have_come(host: str, family: socket.AddressFamily) -> None:
    ports = free_ports(3)
    found = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for port in ports]
    errors: list[BaseException] = []

    def come(rank: int) -> None:
        others = {f"worker {i}": a for i, a in enumerate(found) if i != rank}
        try:
            meet(found[rank], others, 20)
            servers.append(socket.create_server((host, ports[rank]), family=family))
        except BaseException as error:
            errors.append(error)

    servers: list[socket.socket] = []
    threads = [threading.Thread(target=come, args=(rank,)) for rank in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for server in servers:  # their ports were free again, for TensorFlow to listen on
        server.close()
    assert not errors
    assert len(servers) == 3


def test_who_does_not_come_is_named() -> None:
    own, there, missing = addresses(3)
    with socket.create_server(("127.0.0.1", int(there.split(":")[1]))):
        assert is_there(there)
        with pytest.raises(WorkerLostError, match=rf"within 0.2 s: worker 1 \({missing}\)") as told:
            meet(own, {"worker 0": there, "worker 1": missing}, 0.2)
    assert told.value.workers == ("worker 1",)


def test_a_port_that_another_process_has_is_an_error() -> None:
    (own,) = addresses(1)
    with (
        socket.create_server(("", int(own.split(":")[1]))),
        pytest.raises(ValueError, match=f"is {own} by TF_CONFIG, but cannot listen there"),
    ):
        meet(own, {}, 1)


@pytest.mark.parametrize("address", ["here", "here:", "here:port", ":7"])
def test_an_address_has_a_host_and_a_port(address: str) -> None:
    with pytest.raises(ValueError, match=f"as host:port; received '{address}'"):
        meet(address, {}, 1)
