"""`mlrun serve` with TLS, a token and a damaged newest version; and its end under load."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.served_models import write_half_plus_three
from tests.cli.test_serve import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("openssl")),
        reason="there is no curl or no openssl on PATH",
    ),
]

MODEL = "/v1/models/half_plus_three"
WAITS_SECS = 3  # a request with fewer rows than the most waits so long for others
ROWS = [1.0, 2.0, 5.0, 7.0]  # the most: they are run at once
ANSWERS = [3.5, 4.0, 5.5, 6.5]


class Guarded:
    """A server, and what a client of it needs to know."""

    def __init__(self, server: Server, certificate: Path) -> None:
        self.server = server
        self.certificate = certificate

    def curl(self, path: str, *arguments: str, token: str = "secret") -> subprocess.Popen[str]:
        """Begins to ask; prints the body, then the HTTP status in a line of its own."""
        return subprocess.Popen(
            [
                *["curl", "-sS", "--cacert", str(self.certificate), "-w", "\n%{http_code}"],
                *["-H", f"Authorization: Bearer {token}", *arguments, self.server.rest + path],
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, path: str, *arguments: str, token: str = "secret") -> tuple[str, Any]:
        """The HTTP status, and the JSON that is answered."""
        return answered(self.curl(path, *arguments, token=token))

    def channel(self) -> Any:
        """A channel of gRPC that trusts the certificate."""
        import grpc

        trusted = grpc.ssl_channel_credentials(self.certificate.read_bytes())
        return grpc.secure_channel(self.server.grpc, trusted)


def answered(process: subprocess.Popen[str]) -> tuple[str, Any]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    body, _, status = out.rpartition("\n")
    return status, json.loads(body)


def rows(*values: float) -> tuple[str, str]:
    return "-d", json.dumps({"instances": values})


def request(*values: float) -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    made = predict_pb2.PredictRequest()
    made.model_spec.name = "half_plus_three"
    made.inputs["x"].CopyFrom(tf.make_tensor_proto(list(values)))
    return made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            *["-nodes", "-days", "2", "-subj", "/CN=localhost"],
            *["-addext", "subjectAltName=IP:127.0.0.1"],
            *["-keyout", str(key), "-out", str(certificate)],
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    (folder / "token").write_text("secret\n")
    base = folder / "half_plus_three"
    write_half_plus_three(base)
    (base / "124").mkdir()
    (base / "124" / "saved_model.pb").write_text("damaged")
    server = Server(
        *["--model", f"half_plus_three={base}", "--token-file", str(folder / "token")],
        *["--ssl-certificate", str(certificate), "--ssl-key", str(key)],
        *["--max_batch_size", str(len(ROWS)), "--batch_timeout_micros", str(WAITS_SECS * 10**6)],
    )
    yield Guarded(server, certificate)
    if server.process.poll() is None:
        server.end()


def test_rest_speaks_tls_and_asks_for_the_token(guarded: Guarded) -> None:
    assert guarded.server.rest.startswith("https://")
    assert guarded.ask(f"{MODEL}:predict", *rows(*ROWS)) == ("200", {"predictions": ANSWERS})
    wrong = {"error": "A valid bearer token is needed."}
    assert guarded.ask(f"{MODEL}:predict", *rows(*ROWS), token="Secret") == ("401", wrong)
    assert guarded.ask("/health", token="") == ("200", {"status": "ok"})
    plain = guarded.server.rest.replace("https", "http")
    done = subprocess.run(
        ["curl", "-s", plain + MODEL], capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0, "TLS only"


def test_grpc_speaks_tls_and_asks_for_the_token(guarded: Guarded) -> None:
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    with guarded.channel() as channel:
        predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        for metadata in ([], [("authorization", "Bearer Secret")]):
            with pytest.raises(grpc.RpcError) as refused:
                predict(request(*ROWS), timeout=30, metadata=metadata)
            assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        shown = [("authorization", "Bearer secret")]
        answer = predict(request(*ROWS), timeout=30, metadata=shown)
        assert list(answer.outputs["y"].float_val) == ANSWERS


def test_a_damaged_newest_version_leaves_the_old_one_in_service(guarded: Guarded) -> None:
    status, told = guarded.ask(MODEL)
    newest, old = told["model_version_status"]
    assert (status, newest["version"], newest["state"]) == ("200", "124", "END")
    assert newest["status"]["error_code"] == "INVALID_ARGUMENT"
    assert "Cannot parse file" in newest["status"]["error_message"]
    assert (old["version"], old["state"]) == ("123", "AVAILABLE")
    assert guarded.ask(f"{MODEL}/versions/124:predict", *rows(*ROWS))[0] == "404"
    assert guarded.server.said[0] == "half_plus_three version 123: AVAILABLE\n"


def test_requests_under_way_are_answered_after_sigterm(guarded: Guarded) -> None:
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    with guarded.channel() as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        shown = [("authorization", "Bearer secret")]
        over_rest = guarded.curl(f"{MODEL}:predict", *rows(1.0))
        over_grpc = stub.Predict.future(request(2.0), timeout=30, metadata=shown)
        time.sleep(WAITS_SECS / 2)
        assert over_rest.poll() is None
        assert not over_grpc.done()
        guarded.server.process.send_signal(signal.SIGTERM)
        assert answered(over_rest) == ("200", {"predictions": [3.5]})
        assert list(over_grpc.result().outputs["y"].float_val) == [4.0]
    _, errors = guarded.server.process.communicate(timeout=60)
    assert guarded.server.process.returncode == 0, errors
    (line,) = errors.splitlines()  # of the damaged version, at the start
    assert line.startswith("Version 124 of model half_plus_three is not served: ")
