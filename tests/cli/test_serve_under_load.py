"""`mlrun serve` while versions come and go, and while it is sent nonsense."""

import contextlib
import http.client
import json
import random
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.served_models import write_times
from tests.cli.test_serve import Server

pytestmark = pytest.mark.slow

GOOD = json.dumps({"instances": [1.0, 2.0]}).encode()
PATH = "/v1/models/times:predict"
NONSENSE = 4_000


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions")
    write_times(folder, {1: 1.0, 2: 2.0, 3: 3.0})
    return folder


@pytest.fixture(scope="module")
def base(versions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "times"
    shutil.copytree(versions / "1", folder / "1")
    return folder


@pytest.fixture(scope="module")
def server(base: Path) -> Iterator[Server]:
    started = Server("--model", f"times={base}", "--file_system_poll_wait_seconds", "0.2")
    yield started
    started.end()


def connection(server: Server) -> http.client.HTTPConnection:
    host, _, port = server.rest.removeprefix("http://").partition(":")
    return http.client.HTTPConnection(host, int(port), timeout=30)


class Client(threading.Thread):
    """Asks again and again, and keeps what was answered."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._connection = connection(server)
        self.ended = threading.Event()
        self.answers: list[tuple[int, bytes]] = []

    def run(self) -> None:
        with contextlib.closing(self._connection) as asking:
            while not self.ended.is_set():
                asking.request("POST", PATH, GOOD)
                answer = asking.getresponse()
                self.answers.append((answer.status, answer.read()))


def test_new_versions_under_load_lose_no_request(
    server: Server, base: Path, versions: Path, tmp_path: Path
) -> None:
    clients = [Client(server) for _ in range(4)]
    for client in clients:
        client.start()
    for version in (2, 3):
        aside = tmp_path / f"aside-{version}"
        shutil.copytree(versions / str(version), aside)
        aside.rename(base / str(version))
        deadline = time.monotonic() + 60
        while server.ask("/v1/models/times:predict", json.loads(GOOD))[1] != {
            "predictions": [1.0 * version, 2.0 * version]
        }:
            assert time.monotonic() < deadline, "the version does not come"
            time.sleep(0.05)
    for client in clients:
        client.ended.set()
        client.join(60)
        assert not client.is_alive()
    answers = [answer for client in clients for answer in client.answers]
    assert {status for status, _ in answers} == {200}
    told = {tuple(json.loads(body)["predictions"]) for _, body in answers}
    assert told == {(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)}
    states = server.ask("/v1/models/times")[1]["model_version_status"]
    assert {one["version"]: one["state"] for one in states if one["state"] != "END"} == {
        "3": "AVAILABLE"
    }


def mutated(chance: random.Random) -> tuple[str, bytes]:
    """A path and a body of which at least one is wrong, or only odd."""
    body = bytearray(GOOD)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(body) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            body[place:place] = bytes([chance.randrange(256)])
        elif kind == 1:
            del body[place : place + chance.randrange(1, 8)]
        elif kind == 2:
            body[place:place] = chance.choice([b"[", b"{", b'"', b"1e999", b"null", b"\\u0000"])
        else:
            body = bytearray(b"[" * chance.randrange(1, 5000))
    paths = [PATH, "/v1/models/times:classify", "/v1/models/times/versions/9:predict"]
    paths += ["/v1/models/%2F:predict", "/v1/models/times/labels/x:predict", "/v1//", "/%"]
    return chance.choice(paths), bytes(body)


def test_nonsense_crashes_nothing(server: Server) -> None:
    chance = random.Random(7)
    statuses = set()
    with contextlib.closing(connection(server)) as asking:
        for _ in range(NONSENSE):
            path, body = mutated(chance)
            asking.request("POST", path, body)
            answer = asking.getresponse()
            statuses.add(answer.status)
            said = json.loads(answer.read())
            assert answer.status == 200 or "error" in said, path
    assert statuses <= {200, 400, 404}
    assert server.ask(PATH, json.loads(GOOD))[0] == 200
