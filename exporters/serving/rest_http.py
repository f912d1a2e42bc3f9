"""HTTP as an ASGI server hands it over: a request's body and token, an answer's bytes."""

import hmac
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_answers import write_error
from kerasrun.exporters.serving.json_document import invalid

__all__ = [
    "Answer",
    "Gone",
    "TooLarge",
    "check_token",
    "failed",
    "hanging_up",
    "read_body",
    "send_answer",
]

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

JSON = b"application/json"
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type, Authorization"),
)


class Answer(NamedTuple):
    """What is sent back.

    Attributes:
        status: The HTTP status.
        body: The text.
        content_type: What it is.
        headers: More headers.
    """

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Gone(Exception):
    """The client hung up: nobody waits for an answer."""


class TooLarge(Exception):
    """The body is larger than the limit."""


def failed(error: ServingError) -> Answer:
    """Returns the answer to a request that failed."""
    asks = ((b"www-authenticate", b"Bearer"),) if error.code == "UNAUTHENTICATED" else ()
    return Answer(error.http_status, write_error(error.message), headers=asks)


def too_large(limit: int) -> Answer:
    """Returns the answer to a request whose body is larger than the limit."""
    message = f"The request's body is larger than the limit of {limit} bytes."
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, write_error(message))


def hanging_up(scope: Scope, answer: Answer) -> Answer:
    """Returns the answer with an end to the connection: the request's rest is not waited for."""
    if not scope.get("http_version", "1.1").startswith("1"):  # later ones have no such header
        return answer
    return answer._replace(headers=(*answer.headers, (b"connection", b"close")))


def check_token(scope: Scope, token: str) -> None:
    """Passes a request that shows the token, where one is needed.

    Raises:
        ServingError: It does not.
    """
    if not token:
        return
    shown = _header(scope, b"authorization").split(None, 1)
    if not (
        len(shown) == 2
        and shown[0].lower() == b"bearer"
        and hmac.compare_digest(shown[1].strip(), token.encode())
    ):
        raise ServingError("UNAUTHENTICATED", "A valid bearer token is needed.")


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Returns the body of a request, unpacked if it is packed with gzip.

    Raises:
        TooLarge: It is, packed or unpacked.
        Gone: The client hung up.
        ServingError: It is packed otherwise, or damaged.
    """
    length = _header(scope, b"content-length")
    if length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise TooLarge
    packing = _header(scope, b"content-encoding").strip().lower()
    if packing not in (b"", b"identity", b"gzip"):
        raise invalid(f"Unknown Content-Encoding: {packing[:40].decode('latin-1')}")
    body = await _received(receive, limit)
    return _unpacked(body, limit) if packing == b"gzip" else body


async def send_answer(send: Send, answer: Answer, cors: bool = False) -> None:
    """Sends an answer."""
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        *answer.headers,
        *(_CORS if cors else ()),
    ]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _header(scope: Scope, name: bytes) -> bytes:
    headers: Headers = scope["headers"]
    for key, value in headers:
        if len(key) == len(name) and key.lower() == name:
            return value
    return b""


async def _received(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _unpacked(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise invalid(f"The body is no valid gzip: {error}") from None
    if len(plain) > limit:
        raise TooLarge
    if not unpacker.eof:
        raise invalid("The body is no valid gzip: it ends too early")
    return plain
