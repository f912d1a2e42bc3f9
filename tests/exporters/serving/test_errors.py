"""Why a request was not answered, in the words of HTTP and of gRPC."""

import sys

import grpc
import pytest
import tensorflow as tf

from kerasrun.exporters.serving.errors import (
    Code,
    ServingError,
    code_number,
    from_tensorflow,
    serving_api,
)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_ARGUMENT", 400),
        ("FAILED_PRECONDITION", 400),
        ("UNAUTHENTICATED", 401),
        ("NOT_FOUND", 404),
        ("RESOURCE_EXHAUSTED", 429),
        ("CANCELLED", 499),
        ("INTERNAL", 500),
        ("UNIMPLEMENTED", 501),
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 504),
    ],
)
def test_each_code_has_the_http_status_of_tensorflow_serving(code: Code, status: int) -> None:
    assert ServingError(code, "why").http_status == status


def test_codes_and_numbers_are_those_of_grpc() -> None:
    for each in grpc.StatusCode:
        number, _ = each.value
        code = ServingError(each.name, "why")
        assert code.grpc_code is each
        assert code.number == code_number(code.code) == number


def test_an_error_of_tensorflow_keeps_its_code_and_words() -> None:
    error = from_tensorflow(tf.errors.InvalidArgumentError(None, None, "too few"))
    assert (error.code, error.message, str(error)) == ("INVALID_ARGUMENT", "too few", "too few")


def test_what_is_missing_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("tensorflow_serving."):  # another test has used it
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    with pytest.raises(ServingError, match=r"pip install 'kerasrun\[serve\]'") as caught:
        serving_api("apis.predict_pb2")
    assert caught.value.code == "UNIMPLEMENTED"
