"""What the REST API refuses: too much, too deep, too slow, or without the token."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasrun.exporters.serving.rest import RestApp, RestOptions
from tests.exporters.serving.rest_calls import NAME, ask, predict, serving, write_half_plus_two


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("half_plus_two")
    write_half_plus_two(folder)
    return folder


@pytest.fixture(scope="module")
def app(base: Path) -> Iterator[RestApp]:
    with serving(base) as app:
        yield app


def test_a_token_is_asked_for(base: Path) -> None:
    with serving(base, token="sesame") as app:
        body = '{"instances": [1]}'
        for headers in ({}, {"authorization": "Bearer sesam"}, {"authorization": "Basic sesame"}):
            reply = predict(app, body, headers=headers)
            assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert predict(app, body, headers={"Authorization": "bearer sesame"}).status == 200
        assert ask(app, "GET", "/monitoring/prometheus/metrics").status == 401
        assert ask(app, "GET", "/health").status == 200


def test_a_large_body_is_refused(base: Path) -> None:
    with serving(base, max_body_bytes=100) as app:
        body = json.dumps({"instances": [1] * 100})
        for more in ({"parts": 3}, {"headers": {"content-length": "320"}}):
            reply = predict(app, body, **more)
            assert (reply.status, reply.headers["connection"]) == (413, "close")
            assert "limit of 100 bytes" in reply.json["error"]
        packed = gzip.compress(body.encode())
        assert len(packed) < 100
        assert predict(app, packed, headers={"content-encoding": "gzip"}).status == 413


def test_a_packed_body_is_unpacked(app: RestApp) -> None:
    headers = {"content-encoding": "gzip"}
    packed = gzip.compress(b'{"instances": [4]}')
    assert predict(app, packed, headers=headers).json == {"predictions": [4.0]}
    assert predict(app, packed[:-9], headers=headers).status == 400
    assert predict(app, b"{}", headers=headers).status == 400
    assert predict(app, packed, headers={"content-encoding": "br"}).status == 400


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"b64":'])
def test_a_deeply_nested_body_is_refused(app: RestApp, opening: str) -> None:
    reply = predict(app, '{"instances": ' + opening * 500_000)
    assert reply.status == 400
    assert reply.json["error"] == "JSON Parse error: nested deeper than the limit of 100 levels"


def test_the_deepest_that_may_be_allowed_is_refused_in_words(base: Path) -> None:
    with serving(base, max_nesting=200) as app:
        for text in ('{"instances": %s1%s}', '{"inputs": 1, "instances": %s1%s}', '{"a": %s1%s}'):
            reply = predict(app, text % ("[" * 199, "]" * 199))
            assert (reply.status, list(reply.json)) == (400, ["error"])
    with pytest.raises(ValueError, match="max_nesting is 201; expected 1 to 200"):
        RestOptions(max_nesting=201)


def test_many_rows_are_refused(base: Path) -> None:
    with serving(base, max_rows=3) as app:
        assert predict(app, '{"instances": [1, 2, 3]}').status == 200
        reply = predict(app, '{"instances": [1, 2, 3, 4]}')
        assert (reply.status, reply.json["error"]) == (
            400,
            "The request has 4 rows; the limit is 3.",
        )


def test_a_client_that_sends_nothing_more_is_given_up(base: Path) -> None:
    async def stall() -> Any:
        async def receive() -> Any:
            await asyncio.Event().wait()

        async def keep(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "headers": []}
        await app({**scope, "path": "", "raw_path": path.encode()}, receive, keep)

    sent: list[Any] = []
    path = f"/v1/models/{NAME}:predict"
    with serving(base, timeout_secs=0.05) as app:
        asyncio.run(stall())
    assert sent[0]["status"] == 504
    assert json.loads(sent[1]["body"])["error"] == "Not answered within 0.05 seconds."


def test_a_client_that_hangs_up_is_not_answered(app: RestApp) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def fail(message: Any) -> None:
        pytest.fail(f"sent {message}")

    path = f"/v1/models/{NAME}:predict".encode()
    scope = {"type": "http", "method": "POST", "headers": [], "path": "", "raw_path": path}
    asyncio.run(app(scope, receive, fail))


def test_a_fault_of_ours_shows_no_inside(base: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def run(self, *args: Any) -> Any:
            raise ZeroDivisionError("the inside")

    with serving(base) as app:
        broken = RestApp(app._store, Broken())
        reply = predict(broken, '{"instances": [1]}')
    assert (reply.status, reply.json["error"]) == (500, "Internal error; see the server's log.")
    assert "the inside" in caplog.text


def test_other_sites_may_ask_only_if_told(base: Path, app: RestApp) -> None:
    path = f"/v1/models/{NAME}:predict"
    assert ask(app, "OPTIONS", path).status == 400
    assert "access-control-allow-origin" not in predict(app, "{}").headers
    with serving(base, cors=True) as open_app:
        assert ask(open_app, "OPTIONS", path).headers["access-control-allow-origin"] == "*"
