"""`mlrun serve` of an iris run and of small models, asked by clients that are none of ours."""

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kerasrun import runs
from tests.cli.conftest import clean_environment
from tests.cli.served_models import write_features, write_half_plus_three
from tests.cli.test_serve import Server

pytestmark = pytest.mark.slow
needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on PATH")
needs_ovmsclient = pytest.mark.skipif(
    not importlib.util.find_spec("ovmsclient"), reason="`make setup` installs ovmsclient"
)

ROWS = [[5.1, 3.3, 1.7, 0.5], [6.9, 3.1, 5.4, 2.1]]
METRICS = "/monitoring/prometheus/metrics"

# In a process of its own: its messages have the names of TensorFlow's.
OVMSCLIENT = """
import json, sys
import numpy as np
import ovmsclient

rest, grpc, rows = json.loads(sys.argv[1])
x = np.array(rows, np.float32)
told = {}
for wire, client in (
    ("REST", ovmsclient.make_http_client(rest)), ("gRPC", ovmsclient.make_grpc_client(grpc))
):
    metadata = client.get_model_metadata("keras_iris")
    if wire == "REST":
        metadata = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    told[wire] = {
        "status": client.get_model_status("keras_iris"),
        "inputs": list(metadata["inputs"]),
        "outputs": list(metadata["outputs"]),
        "predictions": client.predict({"iris_input": x}, "keras_iris").tolist(),
    }
    for name, model in (("iris_input", "none"), ("nothing", "keras_iris")):
        try:
            client.predict({name: x}, model)
        except ovmsclient.ModelServerError as error:
            told[wire][model] = type(error).__name__
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def expected(iris: runs.Run) -> list[list[float]]:
    """What TensorFlow itself makes of the export and the rows."""
    import tensorflow as tf

    (export,) = iris.folder.glob("export/exporter/*")
    serve = tf.saved_model.load(str(export)).signatures["serving_default"]
    found: list[list[float]] = serve(iris_input=tf.constant(ROWS))["probabilities"].numpy().tolist()
    return found


@pytest.fixture(scope="module")
def server(iris: runs.Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    models = tmp_path_factory.mktemp("models")
    write_half_plus_three(models / "half_plus_three")
    write_features(models / "features")
    named = [f"--model={one.name}={one}" for one in models.iterdir()]
    started = Server(iris.id, "--root", str(iris.folder.parent), *named)
    yield started
    assert started.end() == "", "no noise of TensorFlow"


@needs_ovmsclient
def test_ovmsclient_works_on_both_wires(server: Server, expected: Any, iris: runs.Run) -> None:
    asked = json.dumps([server.rest.removeprefix("http://"), server.grpc, ROWS])
    done = subprocess.run(
        [sys.executable, "-c", OVMSCLIENT, asked],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (export,) = iris.folder.glob("export/exporter/*")
    for told in json.loads(done.stdout).values():
        np.testing.assert_allclose(told.pop("predictions"), expected, rtol=1e-5)
        assert told == {
            "status": {export.name: {"state": "AVAILABLE", "error_code": 0, "error_message": ""}},
            "inputs": ["iris_input"],
            "outputs": ["probabilities"],
            "none": "ModelNotFoundError",
            "keras_iris": "InvalidInputError",
        }


# What TensorFlow Serving's page on REST shows, commands and answers: api_rest.md.
PAGE = [
    (
        "curl http://localhost:8501/v1/models/half_plus_three",
        '{"model_version_status": [{"version": "123", "state": "AVAILABLE", '
        '"status": {"error_code": "OK", "error_message": ""}}]}',
    ),
    (
        """curl -d '{"instances": [1.0,2.0,5.0]}' \
           -X POST http://localhost:8501/v1/models/half_plus_three:predict""",
        '{"predictions": [3.5, 4.0, 5.5]}',
    ),
    (
        """curl -d '{"signature_name": "tensorflow/serving/regress", \
           "examples": [{"x": 1.0}, {"x": 2.0}]}' \
           -X POST http://localhost:8501/v1/models/half_plus_three:regress""",
        '{"results": [3.5, 4.0]}',
    ),
    (
        """curl -d '{"instances": [1.0,5.0]}' -X POST http://localhost:8501/v1/models/half:predict""",
        '{"error": "Servable not found for request: Latest(half)"}',
    ),
    # It states the form of these: rows and columns of the same three features, and classes.
    (
        """curl -d '{"instances": [
            {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
            {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]}]}' \
           -X POST http://localhost:8501/v1/models/features/versions/1:predict""",
        '{"predictions": [{"name": "foo!", "total": 25.0}, {"name": "bar!", "total": 38.0}]}',
    ),
    (
        """curl -d '{"inputs": {"tag": ["foo", "bar"],
            "signal": [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]],
            "sensor": [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]}}' \
           -X POST http://localhost:8501/v1/models/features:predict""",
        '{"outputs": {"name": ["foo!", "bar!"], "total": [25.0, 38.0]}}',
    ),
    (
        """curl -d '{"signature_name": "tensorflow/serving/classify",
            "examples": [{"x": 1.0}, {"x": 2.0}]}' \
           -X POST http://localhost:8501/v1/models/half_plus_three:classify""",
        '{"results": [[["few", 3.5], ["many", 4.5]], [["few", 4.0], ["many", 5.0]]]}',
    ),
]


def curl(server: Server, line: str) -> Any:
    command = shlex.split(line.replace("http://localhost:8501", server.rest))
    done = subprocess.run([*command, "-sS"], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@needs_curl
@pytest.mark.parametrize(("line", "answer"), PAGE)
def test_curl_is_answered_as_the_page_has_it(server: Server, line: str, answer: str) -> None:
    assert curl(server, line) == json.loads(answer)


@needs_curl
def test_curl_asks_the_iris_run(server: Server, expected: Any) -> None:
    address = "http://localhost:8501/v1/models/keras_iris"
    rows = curl(server, f"curl -d '{json.dumps({'instances': ROWS})}' {address}:predict")
    columns = curl(
        server, f"curl -d '{json.dumps({'inputs': {'iris_input': ROWS}})}' {address}:predict"
    )
    np.testing.assert_allclose(rows["predictions"], expected, rtol=1e-5)
    assert columns == {"outputs": rows["predictions"]}
    spec = curl(server, f"curl {address}/metadata")["model_spec"]
    assert spec["name"] == "keras_iris"
    refused = curl(server, f'curl -d \'{{"examples": [{{"x": 1.0}}]}}\' {address}:classify')
    assert refused["error"].startswith("No classification inputs found")


def test_what_fails_in_the_model_is_told_to_the_client_alone(server: Server) -> None:
    body = {"signature_name": "tensorflow/serving/regress", "examples": [{"x": 17}]}
    status, told = server.ask("/v1/models/half_plus_three:regress", body)
    assert status == 400
    assert "Data type: int64 but expected type: float" in told["error"]
    # That the server itself says nothing of it is looked at when it ends.


def counts(server: Server) -> dict[str, float]:
    """What was counted of half_plus_three so far, but for how long it took."""
    import urllib.request

    with urllib.request.urlopen(server.rest + METRICS, timeout=30) as answer:
        lines = re.findall(
            r"(?m)^:tensorflow:serving:(.*half_plus_three.*) (\S+)$", answer.read().decode()
        )
    return {key: float(value) for key, value in lines if not re.search(r"_(bucket|sum)\{", key)}


def test_requests_over_grpc_are_counted_beside_those_over_rest(server: Server) -> None:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import (
        classification_pb2,
        inference_pb2,
        predict_pb2,
        prediction_service_pb2_grpc,
        regression_pb2,
    )

    before = counts(server)
    predict = predict_pb2.PredictRequest()
    predict.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0, 2.0, 5.0]))
    classify = classification_pb2.ClassificationRequest()
    regress = regression_pb2.RegressionRequest()
    both = inference_pb2.MultiInferenceRequest()
    for request in (classify, regress, both):
        for value in (1.0, 2.0):
            example = request.input.example_list.examples.add()
            example.features.feature["x"].float_list.value.append(value)
    for request, name in (
        (classify, "classify"),
        (regress, "regress"),
        (both.tasks.add(), "regress"),
    ):
        request.model_spec.signature_name = f"tensorflow/serving/{name}"
    both.tasks[0].method_name = "tensorflow/serving/regress"
    for request in (predict, classify, regress, both.tasks[0]):
        request.model_spec.name = "half_plus_three"
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        answer = stub.Predict(predict, timeout=30)
        # Clients read the field, as the examples of TensorFlow Serving do.
        assert list(answer.outputs["y"].float_val) == [3.5, 4.0, 5.5]
        classes = stub.Classify(classify, timeout=30).result.classifications
        assert [each.label for each in classes[0].classes] == ["few", "many"]
        assert stub.Regress(regress, timeout=30).result.regressions[1].value == 4.0
        result = stub.MultiInference(both, timeout=30).results[0].regression_result
        assert result.regressions[0].value == 3.5
        for model in ("half_plus_three", "half"):
            predict.inputs["x"].CopyFrom(tf.make_tensor_proto(["text"]))
            predict.model_spec.name = model
            with pytest.raises(grpc.RpcError):
                stub.Predict(predict, timeout=30)
    path = "/v1/models/half_plus_three:predict"
    assert server.ask(path, {"instances": [1.0, 2.0]})[0] == 200
    after = counts(server)
    of_model = 'model_name="half_plus_three"'
    called = f'request_latency_count{{{of_model},API="%s",entrypoint="%s"}}'
    assert {key: value - before.get(key, 0) for key, value in after.items()} == {
        f'request_count{{{of_model},status="OK"}}': 5,
        f'request_count{{{of_model},status="INVALID_ARGUMENT"}}': 1,
        called % ("Predict", "GRPC"): 1,
        called % ("Classify", "GRPC"): 1,
        called % ("Regress", "GRPC"): 1,
        called % ("MultiInference", "GRPC"): 1,
        called % ("Predict", "REST"): 1,
        **{key: 0 for key in after if 'entrypoint="REST"' in key and "Predict" not in key},
        'request_example_counts_total{model="half_plus_three"}': 3 + 2 + 2 + 2 + 2,
        'request_example_counts_count{model="half_plus_three"}': 5,
    }
