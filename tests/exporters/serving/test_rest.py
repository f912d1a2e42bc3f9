"""The REST API answers as TensorFlow Serving's does."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.rest import RestApp
from kerasrun.exporters.serving.rest_paths import parse_path, raw_path
from tests.exporters.serving.rest_calls import (
    NAME,
    ask,
    predict,
    send,
    serving,
    write_half_plus_two,
)
from tests.exporters.serving.vectors import numbered

HTTP = {"InvalidArgument": 400, "NotFound": 404}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("half_plus_two")
    write_half_plus_two(folder)
    return folder


@pytest.fixture(scope="module")
def app(base: Path) -> Iterator[RestApp]:
    with serving(base) as app:
        yield app


@pytest.mark.parametrize("vector", numbered("handler"))
def test_a_whole_request(app: RestApp, vector: dict[str, Any]) -> None:
    reply = ask(app, vector["method"], vector["path"], vector["body"])
    assert reply.headers["content-type"] == "application/json"
    assert int(reply.headers["content-length"]) == len(reply.body)
    if "status" in vector:
        assert reply.status == HTTP[vector["status"]]
        assert reply.json.keys() == {"error"}
        assert vector.get("error", "") in reply.json["error"]
    else:
        assert (reply.status, reply.json) == (200, json.loads(vector["json"]))


@pytest.mark.parametrize("vector", numbered("path"))
def test_a_path(vector: dict[str, Any]) -> None:
    if not vector["ok"]:
        with pytest.raises(ServingError, match="Malformed request"):
            parse_path(vector["http"], vector["path"].encode())
        return
    asked = parse_path(vector["http"], vector["path"].encode())
    version = vector.get("model_version")
    assert asked.name == vector["model_name"]
    assert asked.version == (int(version) if version else None)
    assert asked.label == vector.get("model_version_label")
    assert asked.method == vector.get("method", vector.get("model_subresource", "status"))


def test_a_server_that_keeps_no_raw_path_is_served() -> None:
    assert raw_path({"path": "/v1/models/a b"}) == b"/v1/models/a%20b"


def test_a_name_may_have_a_slash(app: RestApp) -> None:
    reply = ask(app, "POST", "/v1/models/a%2Fb%20c:predict", '{"instances": [4]}')
    assert reply.json == {"predictions": [4.0]}


def test_the_path_does_not_depend_on_case(app: RestApp) -> None:
    reply = ask(app, "POST", f"/V1/Models/{NAME}/Versions/0123:PREDICT", '{"instances": [4]}')
    assert reply.json == {"predictions": [4.0]}


def test_columns_come_back_as_columns(app: RestApp) -> None:
    assert predict(app, '{"inputs": {"x": [4, 6]}}').json == {"outputs": [4.0, 5.0]}


def test_several_outputs_come_back_by_name(app: RestApp) -> None:
    body = '{"signature_name": "texts", "instances": [["a", "\\u00e4"], ["", {"b64": "/w=="}]]}'
    reply = predict(app, body)
    assert reply.status == 200
    rows = json.loads(reply.body.decode("utf-8", "replace"))["predictions"]
    assert rows[0] == {
        "same": ["a", "\u00e4"],
        "same_bytes": [{"b64": "YQ=="}, {"b64": "w6Q="}],
        "ids": [1, 2],
    }
    assert rows[1]["same_bytes"] == [{"b64": ""}, {"b64": "/w=="}]


def test_nan_and_infinity_go_both_ways(app: RestApp) -> None:
    reply = predict(app, '{"instances": [NaN, -Inf, Infinity, 1]}')
    assert reply.body.split(b":")[1].strip(b" \n}") == b"[NaN, -Infinity, Infinity, 2.5]"


def test_classes_come_with_their_scores(app: RestApp) -> None:
    body = '{"signature_name": "classify_x_to_y", "examples": [{"x": 4.0}], "context": {"x": 1.0}}'
    reply = ask(app, "POST", f"/v1/models/{NAME}:classify", body)
    assert reply.json == {"results": [[["few", 4.0], ["m\u00e4ny", 5.0]]]}


def test_the_context_is_for_examples_without_the_feature(app: RestApp) -> None:
    body = (
        '{"signature_name": "regress_x_to_y", "examples": [{}, {"x": 2.0}], "context": {"x": 4.0}}'
    )
    reply = ask(app, "POST", f"/v1/models/{NAME}:regress", body)
    assert reply.json == {"results": [4.0, 3.0]}


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_a_signature_to_predict_is_not_one_for_examples(app: RestApp, method: str) -> None:
    reply = ask(app, "POST", f"/v1/models/{NAME}:{method}", '{"examples": [{"x": 4.0}]}')
    assert reply.status == 400
    assert "inputs found in SignatureDef: {x}" in reply.json["error"]


def test_what_the_model_says_reaches_the_client(app: RestApp) -> None:
    body = '{"signature_name": "regress_x_to_y", "examples": [{"x": 4}]}'
    reply = ask(app, "POST", f"/v1/models/{NAME}:regress", body)
    assert reply.status == 400
    assert "Data types don't match" in reply.json["error"]


def test_metadata(app: RestApp) -> None:
    reply = ask(app, "GET", f"/v1/models/{NAME}/versions/123/metadata")
    assert reply.json["model_spec"] == {"name": NAME, "signature_name": "", "version": "123"}
    defs = reply.json["metadata"]["signature_def"]["signature_def"]
    assert "__saved_model_init_op" in defs
    x = defs["serving_default"]["inputs"]["x"]
    assert x["dtype"] == "DT_FLOAT"
    assert x["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert defs["serving_default"]["method_name"] == "tensorflow/serving/predict"


def test_health(app: RestApp) -> None:
    assert ask(app, "GET", "/health").status == 200
    assert ask(app, "GET", "/health/ready").json == {"status": "ready"}


def test_it_is_not_ready_without_a_version(tmp_path: Path) -> None:
    with serving(tmp_path) as app:
        assert ask(app, "GET", "/health/ready").status == 503
        assert ask(app, "GET", "/health").status == 200
        assert predict(app, '{"instances": [1]}').status in (404, 503)


def test_metrics(base: Path) -> None:
    with serving(base) as app:
        predict(app, '{"instances": [1, 2]}')
        predict(app, "{}")
        ask(app, "POST", "/v1/models/none:predict", "{}")
        reply = ask(app, "GET", "/monitoring/prometheus/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    lines = reply.body.decode().splitlines()
    of_model = f'model_name="{NAME}"'
    assert f':tensorflow:serving:request_count{{{of_model},status="OK"}} 1' in lines
    assert f':tensorflow:serving:request_count{{{of_model},status="INVALID_ARGUMENT"}} 1' in lines
    called = f'{of_model},API="Predict",entrypoint="REST"'
    assert f":tensorflow:serving:request_latency_count{{{called}}} 1" in lines
    assert f':tensorflow:serving:request_latency_bucket{{{called},le="+Inf"}} 1' in lines
    assert f':tensorflow:serving:request_example_counts_total{{model="{NAME}"}} 2' in lines
    assert not any("none" in line for line in lines)  # whoever asks for it costs no memory


def test_large_requests_are_read_beside_the_loop(app: RestApp) -> None:
    values = np.linspace(0, 1, 50_000).tolist()
    reply = predict(app, json.dumps({"instances": values}))
    np.testing.assert_allclose(reply.json["predictions"], np.array(values) / 2 + 2, rtol=1e-6)


def test_many_are_answered_at_once(app: RestApp) -> None:
    async def all_of_them() -> list[Any]:
        path = f"/v1/models/{NAME}:predict"
        return await asyncio.gather(
            *(send(app, "POST", path, b'{"instances": [%d]}' % i) for i in range(50))
        )

    replies = asyncio.run(all_of_them())
    assert [each.json["predictions"][0] for each in replies] == [i / 2 + 2 for i in range(50)]


def test_the_server_starts_and_stops_it(app: RestApp) -> None:
    async def live() -> list[str]:
        messages = iter(["lifespan.startup", "lifespan.shutdown"])
        sent: list[str] = []

        async def receive() -> Any:
            return {"type": next(messages)}

        async def keep(message: Any) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, keep)
        return sent

    assert asyncio.run(live()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
