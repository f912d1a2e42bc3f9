"""Why a request was not answered: one of gRPC's codes, and words."""

import importlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import grpc

Code = Literal[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]

# In the order of their numbers; what TensorFlow Serving answers over HTTP for each.
_HTTP: dict[Code, int] = {
    "OK": HTTPStatus.OK,
    "CANCELLED": 499,  # the client closed the request
    "UNKNOWN": HTTPStatus.INTERNAL_SERVER_ERROR,
    "INVALID_ARGUMENT": HTTPStatus.BAD_REQUEST,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "ALREADY_EXISTS": HTTPStatus.CONFLICT,
    "PERMISSION_DENIED": HTTPStatus.FORBIDDEN,
    "RESOURCE_EXHAUSTED": HTTPStatus.TOO_MANY_REQUESTS,
    "FAILED_PRECONDITION": HTTPStatus.BAD_REQUEST,
    "ABORTED": HTTPStatus.CONFLICT,
    "OUT_OF_RANGE": HTTPStatus.BAD_REQUEST,
    "UNIMPLEMENTED": HTTPStatus.NOT_IMPLEMENTED,
    "INTERNAL": HTTPStatus.INTERNAL_SERVER_ERROR,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "DATA_LOSS": HTTPStatus.INTERNAL_SERVER_ERROR,
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
}
_CODES: tuple[Code, ...] = tuple(_HTTP)


class ServingError(Exception):
    """A request that is not answered.

    Attributes:
        code: The canonical name, such as `INVALID_ARGUMENT`.
        message: What the client reads.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """The HTTP status that TensorFlow Serving has for this code."""
        return int(_HTTP[self.code])

    @property
    def number(self) -> int:
        """The code's number, as in `google.rpc.Status` and TensorFlow's `error_codes.proto`."""
        return code_number(self.code)

    @property
    def grpc_code(self) -> "grpc.StatusCode":
        """The same code as a `grpc.StatusCode`."""
        import grpc

        return grpc.StatusCode[self.code]


def code_number(code: Code) -> int:
    """Returns the number of a code; `OK` is 0."""
    return _CODES.index(code)


def from_tensorflow(error: Any) -> ServingError:
    """Returns what a `tf.errors.OpError` means to a client."""
    number = int(error.error_code)
    code = _CODES[number] if 0 < number < len(_CODES) else "UNKNOWN"
    return ServingError(code, str(error.message))


def serving_api(module: str) -> Any:
    """Imports TensorFlow Serving's messages, such as `apis.predict_pb2`.

    Raises:
        ServingError: They are not installed.
    """
    try:
        return importlib.import_module(f"tensorflow_serving.{module}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("tensorflow_serving"):
            raise
        raise ServingError(
            "UNIMPLEMENTED",
            "tensorflow-serving-api is not installed. Try: pip install 'kerasrun[serve]'",
        ) from None
