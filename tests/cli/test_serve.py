"""`mlrun serve`: a real process, asked by stock clients over loopback."""

import json
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kerasrun.cli.main import app
from tests.cli.conftest import clean_environment, mlrun_command
from tests.cli.run_records import write_run
from tests.cli.served_models import write_times

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions: the first halves, the second doubles."""
    folder = tmp_path_factory.mktemp("models") / "times"
    write_times(folder, {1: 0.5, 2: 2.0})
    return folder


class Server:
    """A process of `mlrun serve`, and its addresses."""

    def __init__(self, *arguments: str) -> None:
        command = mlrun_command("serve", "--rest_api_port", "0", "--port", "0", *arguments)
        self.process = subprocess.Popen(
            command,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.match(r"REST (\S+)   gRPC (\S+)", line):
                self.rest, self.grpc = found[1], found[2]
            if line.startswith("curl "):
                return
        raise AssertionError(self.process.communicate()[1])

    def ask(self, path: str, body: Any = None, token: str = "") -> Any:
        """The JSON that REST answers, with its HTTP status."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.rest}{path}", data)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def end(self) -> str:
        """Ends it in order; returns what it said on stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        return errors


@pytest.fixture(scope="module")
def server(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = tmp_path_factory.mktemp("config") / "models.txt"
    config.write_text(
        f"""model_config_list {{ config {{
            name: "times" base_path: "{base}" model_platform: "tensorflow"
            model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
            version_labels {{ key: "stable" value: 1 }}
        }} }}"""
    )
    started = Server("--model_config_file", str(config))
    yield started
    assert started.end() == "", "no noise of TensorFlow"


def test_rest_answers_by_version_and_label(server: Server) -> None:
    body = {"instances": [1.0, 3.0]}
    assert server.ask("/v1/models/times:predict", body) == (200, {"predictions": [2.0, 6.0]})
    halved = (200, {"predictions": [0.5, 1.5]})
    assert server.ask("/v1/models/times/versions/1:predict", body) == halved
    assert server.ask("/v1/models/times/labels/stable:predict", body) == halved
    status, answer = server.ask("/v1/models/times")
    states = {one["version"]: one["state"] for one in answer["model_version_status"]}
    assert (status, states) == (200, {"1": "AVAILABLE", "2": "AVAILABLE"})
    assert server.ask("/v1/models/none:predict", body)[0] == 404
    assert server.ask("/v1/models/times:predict", {"instances": "x"})[0] == 400


def test_grpc_answers_the_stock_stubs(server: Server) -> None:
    import grpc
    import numpy as np
    import tensorflow as tf
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )

    with grpc.insecure_channel(server.grpc) as channel:
        prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "times"
        request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([1.0, 3.0], "float32")))
        response = prediction.Predict(request, timeout=30)
        assert tf.make_ndarray(response.outputs["y"]).tolist() == [2.0, 6.0]
        assert response.model_spec.version.value == 2
        request.model_spec.version_label = "stable"
        assert prediction.Predict(request, timeout=30).model_spec.version.value == 1

        request.inputs["x"].CopyFrom(tf.make_tensor_proto(["text"]))
        with pytest.raises(grpc.RpcError) as refused:
            prediction.Predict(request, timeout=30)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "float32" in refused.value.details()

        asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        asked.model_spec.name = "times"
        metadata = prediction.GetModelMetadata(asked, timeout=30).metadata["signature_def"]
        found = get_model_metadata_pb2.SignatureDefMap()
        metadata.Unpack(found)
        assert list(found.signature_def["serving_default"].inputs) == ["x"]

        models = model_service_pb2_grpc.ModelServiceStub(channel)
        wanted = get_model_status_pb2.GetModelStatusRequest()
        wanted.model_spec.name = "times"
        states = models.GetModelStatus(wanted, timeout=30).model_version_status
        assert [(one.version, one.state) for one in states] == [(2, 30), (1, 30)]


def test_limits_hold_over_grpc(server: Server) -> None:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    few_bytes = tf.make_tensor_proto([1.0])
    few_bytes.tensor_shape.dim[0].size = 10**9
    many_rows = tf.make_tensor_proto([0.0] * 100_001)
    with grpc.insecure_channel(server.grpc) as channel:
        prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for tensor, why in (
            (few_bytes, "its shape [1000000000] is more than 67108864 bytes"),
            (many_rows, "The request has 100001 rows; the limit is 100000."),
        ):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "times"
            request.inputs["x"].CopyFrom(tensor)
            with pytest.raises(grpc.RpcError) as refused:
                prediction.Predict(request, timeout=30)
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert why in refused.value.details()


def test_clients_that_hang_up_do_not_end_it(server: Server) -> None:
    host, _, port = server.rest.removeprefix("http://").partition(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.sendall(b"GET /v1/models/times HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert server.ask("/v1/models/times:predict", {"instances": [1.0]})[0] == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "what shall be served? Name a run, or give --model NAME=BASE_DIR"),
        (["--model", "iris"], "Expected NAME=BASE_DIR"),
        (["--model", "iris=/nowhere"], "model iris: there is no folder /nowhere"),
        (["--model_base_path", "/nowhere"], "model default: there is no folder /nowhere"),
        (["--model_base_path=/x", "--model_name=iris"], "model iris: there is no folder /x"),
        (["--model_name", "iris"], "--model_name is about one run, or about --model_base_path"),
        (["a3f1"], "has no export to serve: `mlrun export a3f1` makes one"),
        (["--model_config_file", "/nowhere"], "--model_config_file /nowhere"),
        (
            ["--model", "x=/tmp", "--ssl-key", "k.pem"],
            "--ssl-certificate and --ssl-key go together",
        ),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path: Path, arguments: list[str], message: str) -> None:
    write_run(tmp_path, "20261121-223015-a3f1")
    result = CliRunner().invoke(app, ["serve", *arguments, "--root", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize("flag", ["--rest_api_port", "--port"])
def test_a_port_that_is_taken_is_said_at_once(base: Path, server: Server, flag: str) -> None:
    taken = (server.rest if flag == "--rest_api_port" else server.grpc).rpartition(":")[2]
    ports = {"--rest_api_port": "0", "--port": "0", flag: taken}
    arguments = [f"{name}={number}" for name, number in ports.items()]
    result = CliRunner().invoke(app, ["serve", f"--model=times={base}", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: cannot listen on 127.0.0.1:{taken}")


def test_a_label_without_its_version_is_said(base: Path, tmp_path: Path) -> None:
    config = tmp_path / "models.txt"
    config.write_text(
        f"""model_config_list {{ config {{
            name: "times" base_path: "{base}" version_labels {{ key: "stable" value: 1 }}
        }} }}"""
    )
    arguments = [
        "serve",
        "--model_config_file",
        str(config),
        "--rest_api_port",
        "0",
        "--port",
        "-1",
    ]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "label stable to version 1 of model times" in line
    assert "Available: 2." in line
    assert "--allow_version_labels_for_unavailable_models" in line
