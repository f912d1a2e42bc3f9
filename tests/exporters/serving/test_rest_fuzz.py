"""Whatever is sent, the answer is JSON that says what is wrong with it."""

import asyncio
import copy
import json
import random
import string
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kerasrun.exporters.serving.rest import RestApp
from tests.exporters.serving.rest_calls import NAME, Reply, send, serving, write_half_plus_two

REQUESTS = 2_000
GOOD = [
    ("predict", b'{"instances": [1.0, 2.0, 5.0]}'),
    ("predict", b'{"inputs": {"x": [1.5, -2e3]}, "signature_name": "serving_default"}'),
    ("predict", b'{"signature_name": "texts", "instances": [["a", {"b64": "/w=="}]]}'),
    ("regress", b'{"signature_name": "regress_x_to_y", "examples": [{"x": 80.0}]}'),
    ("classify", b'{"signature_name": "classify_x_to_y", "context": {"x": 1.0}, "examples": [{}]}'),
]
BITS = [b"[", b"]", b"{", b"}", b'"', b",", b":", b"NaN", b"null", b"true", b"\\ud800", b"\xff"]
BITS += [b"\0", b"\\", b"1e999", b"-", b"9" * 30, b"9" * 5000, b'{"b64": "="}', b'"instances"']
BITS += [b"\xef\xbb\xbf", b"[" * 300, b'"\xed\xa0\x80"', b'{"x": ', b"0x1", b"Infinity", b" " * 99]
JUNK: list[Any] = [
    None,
    True,
    "text",
    -1,
    2**70,
    1.5e300,
    [],
    {},
    [[]],
    [1, [2]],
    {"b64": 1},
    {"b64": "!"},
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestApp]:
    folder = tmp_path_factory.mktemp("half_plus_two")
    write_half_plus_two(folder)
    with serving(folder, max_body_bytes=20_000) as app:
        yield app


def damaged(chance: random.Random) -> tuple[str, bytes]:
    """A good request with a few bytes cut out, put in or exchanged."""
    method, body = chance.choice(GOOD)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        body = body[:at] + chance.choice([b"", *BITS]) + body[at + chance.randint(0, 3) :]
    return method, body


def misplaced(chance: random.Random) -> tuple[str, bytes]:
    """A good document with a value that does not belong where it is."""
    method, body = chance.choice(GOOD)
    document = json.loads(body)
    key = chance.choice([*document, "instances", "inputs", "examples", "context"])
    document[key] = copy.deepcopy(chance.choice(JUNK))
    if chance.random() < 0.3 and isinstance(document[key], list):
        document[key].append(chance.choice(JUNK))
    return chance.choice([method, "predict", "regress"]), json.dumps(document).encode()


def noise(chance: random.Random) -> tuple[str, bytes]:
    """Bytes, or the pieces of JSON in no order."""
    method = chance.choice(["predict", "classify", "regress"])
    if chance.random() < 0.5:
        return method, chance.randbytes(chance.randint(0, 200))
    return method, b"".join(chance.choices(BITS, k=chance.randint(1, 30)))


def strange_path(chance: random.Random) -> tuple[str, str, bytes]:
    """A path that is none, or asks for what is not there."""
    parts = ["v1", "models", NAME, "versions", "labels", "metadata", "..", "%2e%2e", "%00", "%zz"]
    parts += ["9" * 25, "-1", "\u00e4", "a:b", ":predict", "%ff", "1" * 3000, "health", "*", ""]
    parts.append("".join(chance.choices(string.printable, k=8)))
    path = "/" + "/".join(chance.choices(parts, k=chance.randint(0, 6)))
    method = chance.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
    return method, path + chance.choice(["", ":predict", ":explain"]), chance.choice(GOOD)[1]


def request(chance: random.Random) -> tuple[str, str, bytes]:
    """A request that is most likely a bad one."""
    if chance.random() < 0.2:
        return strange_path(chance)
    make: Callable[[random.Random], tuple[str, bytes]]
    make = chance.choice([damaged, damaged, misplaced, noise])
    method, body = make(chance)
    return "POST", f"/v1/models/{NAME}:{method}", body


def check(reply: Reply, sent: Any) -> None:
    """An answer is one to a good request, or an error of the client's in JSON."""
    assert reply.status == 200 or 400 <= reply.status < 500, (sent, reply)
    assert int(reply.headers["content-length"]) == len(reply.body)
    if reply.status != 200:
        assert list(reply.json) == ["error"], (sent, reply)
        assert isinstance(reply.json["error"], str)
        assert reply.json["error"]
        assert "Traceback" not in reply.json["error"]


def test_2000_bad_requests_get_errors_in_json(
    app: RestApp, caplog: pytest.LogCaptureFixture
) -> None:
    async def send_all() -> Counter[int]:
        chance, statuses = random.Random(20261122), Counter[int]()
        while statuses.total() - statuses[200] < REQUESTS:
            method, path, body = request(chance)
            headers = {"content-encoding": "gzip"} if chance.random() < 0.02 else {}
            reply = await send(app, method, path, body, headers, parts=chance.randint(1, 3))
            check(reply, (method, path, body))
            statuses[reply.status] += 1
        return statuses

    statuses = asyncio.run(send_all())
    assert statuses[400] > REQUESTS / 2
    assert {400, 404} <= statuses.keys() <= {200, 400, 404, 413}
    assert "Could not answer" not in caplog.text
