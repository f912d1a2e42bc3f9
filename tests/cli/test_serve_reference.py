"""`mlrun serve` beside a real `tensorflow_model_server`: the same questions, the same answers.

It is the program on PATH, or the one that `TF_SERVING_BIN` names.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.served_models import write_features, write_half_plus_three
from tests.cli.test_serve import Server

PROGRAM = os.environ.get("TF_SERVING_BIN") or shutil.which("tensorflow_model_server")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROGRAM, reason="there is no tensorflow_model_server on PATH, nor in TF_SERVING_BIN"
    ),
]

CONFIG = """
model_config_list {{
  config {{
    name: "half_plus_three" base_path: "{0}/half_plus_three" model_platform: "tensorflow"
  }}
  config {{ name: "features" base_path: "{0}/features" model_platform: "tensorflow" }}
}}
"""
HALF, FEATURES = "/v1/models/half_plus_three", "/v1/models/features"
REGRESS, CLASSIFY = "tensorflow/serving/regress", "tensorflow/serving/classify"
TAGGED = {"tag": "a", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4.5]]}
EXAMPLES = [{"x": 1.0}, {"x": [2.0]}]

REST: list[tuple[str, Any]] = [
    (HALF, None),
    (f"{HALF}/versions/123", None),
    (f"{HALF}/versions/9", None),
    (f"{HALF}/metadata", None),
    ("/v1/models/none", None),
    (f"{HALF}:predict", {"instances": [1.0, 2.0, 5.0]}),
    (f"{HALF}:predict", {"inputs": [1, 2.5, -7e-8]}),
    (f"{HALF}:predict", {"instances": [{"x": 1.0}, {"x": 3e38}]}),
    (f"{HALF}/versions/123:predict", {"inputs": {"x": [1.0]}}),
    (f"{HALF}:regress", {"signature_name": REGRESS, "examples": EXAMPLES}),
    (f"{HALF}:classify", {"signature_name": CLASSIFY, "examples": EXAMPLES}),
    (
        f"{HALF}:classify",
        {"signature_name": CLASSIFY, "context": {"x": 4.0}, "examples": [{}, {}]},
    ),
    (f"{FEATURES}:predict", {"instances": [TAGGED, {**TAGGED, "tag": {"b64": "YmI="}}]}),
    (f"{FEATURES}:predict", {"inputs": {name: [value] for name, value in TAGGED.items()}}),
    # what is refused
    (f"{HALF}/versions/9:predict", {"instances": [1.0]}),
    (f"{HALF}/labels/x:predict", {"instances": [1.0]}),
    ("/v1/models/none:predict", {"instances": [1.0]}),
    (f"{HALF}:predict", {"instances": ["text"]}),
    (f"{HALF}:predict", {"instances": []}),
    (f"{HALF}:predict", {"instances": [1.0], "inputs": [1.0]}),
    (f"{HALF}:predict", {"signature_name": "none", "instances": [1.0]}),
    (f"{HALF}:predict", {"instances": [[1.0], [2.0, 3.0]]}),
    (f"{HALF}:predict", [1.0]),
    (f"{HALF}:regress", {"signature_name": REGRESS, "examples": [{"x": 17}]}),
    (f"{HALF}:regress", {"examples": EXAMPLES}),
    (f"{FEATURES}:predict", {"instances": [{"tag": "a"}]}),
    (f"{HALF}:none", {"instances": [1.0]}),
]


class Wires(NamedTuple):
    """Where a server answers."""

    rest: str
    grpc: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    write_half_plus_three(models / "half_plus_three")
    write_features(models / "features")
    file = models / "models.txt"
    file.write_text(CONFIG.format(models))
    return file


@pytest.fixture(scope="module")
def ours(config: Path) -> Iterator[Wires]:
    server = Server("--model_config_file", str(config))
    yield Wires(server.rest, server.grpc)
    server.end()


@pytest.fixture(scope="module")
def theirs(config: Path) -> Iterator[Wires]:
    rest, grpc = free_port(), free_port()
    process = subprocess.Popen(
        [
            *[str(PROGRAM), f"--model_config_file={config}"],
            *[f"--port={grpc}", f"--rest_api_port={rest}"],
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wires = Wires(f"http://127.0.0.1:{rest}", f"127.0.0.1:{grpc}")
    deadline = time.monotonic() + 120
    while not all(is_available(wires.rest + path) for path in (HALF, FEATURES)):
        assert process.poll() is None, f"{PROGRAM} ended with {process.returncode}"
        assert time.monotonic() < deadline, f"{PROGRAM} does not serve"
        time.sleep(0.1)
    yield wires
    process.terminate()
    process.wait(60)


def is_available(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return b"AVAILABLE" in answer.read()
    except OSError:
        return False


def asked(url: str, body: Any) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize(("path", "body"), REST)
def test_rest_answers_the_same(ours: Wires, theirs: Wires, path: str, body: Any) -> None:
    status, found = asked(ours.rest + path, body)
    their_status, expected = asked(theirs.rest + path, body)
    assert (status, json.loads(found)) == (their_status, json.loads(expected))


def predict(stubs: Any, name: str, signature: str = "", value: Any = (1.0, 2.0, 5.0)) -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(list(value)))
    response = stubs.Predict(request, timeout=30)
    outputs = {key: each.SerializeToString() for key, each in response.outputs.items()}
    return outputs, response.model_spec.SerializeToString()


def on_examples(stubs: Any, method: str) -> Any:
    from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

    messages = {
        "Classify": classification_pb2.ClassificationRequest,
        "Regress": regression_pb2.RegressionRequest,
        "MultiInference": inference_pb2.MultiInferenceRequest,
    }
    request = messages[method]()
    for value in (1.0, 2.0):
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(value)
    if method == "MultiInference":
        for name in (REGRESS, CLASSIFY):
            task = request.tasks.add(method_name=name)
            task.model_spec.name, task.model_spec.signature_name = "half_plus_three", name
    else:
        request.model_spec.name = "half_plus_three"
        request.model_spec.signature_name = CLASSIFY if method == "Classify" else REGRESS
    return getattr(stubs, method)(request, timeout=30)


def metadata(stubs: Any, field: str) -> Any:
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=[field])
    request.model_spec.name = "features"
    response = stubs.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(signatures)
    return response.model_spec, signatures


def status(stubs: Any, name: str) -> Any:
    from tensorflow_serving.apis import get_model_status_pb2

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    return stubs.GetModelStatus(request, timeout=30)


GRPC: dict[str, Callable[[Any], Any]] = {
    "predict": lambda stubs: predict(stubs, "half_plus_three"),
    "predict, no model": lambda stubs: predict(stubs, "none"),
    "predict, no name": lambda stubs: predict(stubs, ""),
    "predict, no signature": lambda stubs: predict(stubs, "half_plus_three", "none"),
    "predict, texts": lambda stubs: predict(stubs, "half_plus_three", value=["text"]),
    "classify": lambda stubs: on_examples(stubs, "Classify"),
    "regress": lambda stubs: on_examples(stubs, "Regress"),
    "several": lambda stubs: on_examples(stubs, "MultiInference"),
    "metadata": lambda stubs: metadata(stubs, "signature_def"),
    "metadata, no field": lambda stubs: metadata(stubs, "none"),
    "status": lambda stubs: status(stubs, "half_plus_three"),
    "status, no model": lambda stubs: status(stubs, "none"),
}


def told(wires: Wires, ask: Callable[[Any], Any]) -> Any:
    """What a question is answered, or the code and the words of the refusal."""
    import grpc
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    with grpc.insecure_channel(wires.grpc) as channel:
        prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        models = model_service_pb2_grpc.ModelServiceStub(channel)
        prediction.GetModelStatus = models.GetModelStatus
        try:
            return ask(prediction)
        except grpc.RpcError as error:
            return error.code(), error.details()


@pytest.mark.parametrize("name", GRPC)
def test_grpc_answers_the_same(ours: Wires, theirs: Wires, name: str) -> None:
    assert told(ours, GRPC[name]) == told(theirs, GRPC[name])
