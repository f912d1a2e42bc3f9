"""TensorFlow Serving's REST API as an ASGI application.

    app = RestApp(store, batcher, RestOptions(token="..."))

Any ASGI server runs it. It answers at

- `/v1/models/NAME[/versions/N|/labels/L]:predict`, `:classify` and `:regress` (POST),
- `/v1/models/NAME[/versions/N|/labels/L]` for the state of the versions, and `/metadata` behind it,
- `/monitoring/prometheus/metrics` for what was counted,
- `/health`, while the process answers, and `/health/ready`, once every model can be asked.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from kerasrun.exporters.serving import results
from kerasrun.exporters.serving.errors import Code, ServingError
from kerasrun.exporters.serving.json_answers import (
    write_classifications,
    write_predict,
    write_regressions,
)
from kerasrun.exporters.serving.json_document import MAX_NESTING, invalid
from kerasrun.exporters.serving.json_examples import parse_examples, serialized
from kerasrun.exporters.serving.json_fast import parse_predict_fast
from kerasrun.exporters.serving.json_rules import signature_of
from kerasrun.exporters.serving.prometheus import CONTENT_TYPE, Metrics
from kerasrun.exporters.serving.rest_deadlines import Deadlines
from kerasrun.exporters.serving.rest_http import (
    Answer,
    Gone,
    Receive,
    Scope,
    Send,
    TooLarge,
    check_token,
    failed,
    hanging_up,
    read_body,
    send_answer,
    too_large,
)
from kerasrun.exporters.serving.rest_paths import ModelPath, parse_path, raw_path
from kerasrun.exporters.serving.rest_status import is_ready, metadata_json, status_json
from kerasrun.exporters.serving.servable import Servable, Tensors
from kerasrun.exporters.serving.store import ModelStore

__all__ = ["RestApp", "RestOptions"]

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_MUCH_TEXT = 100_000  # bytes from which reading it would hold up the other requests
_MANY_VALUES = 10_000
_MOST_NESTING = 200
_INTERNAL: Code = "INTERNAL"
_READY = Answer(200, b'{"status": "ready"}')
_NOT_READY = Answer(503, b'{"status": "not ready"}')


@dataclasses.dataclass(frozen=True)
class RestOptions:
    """What a client may do.

    Attributes:
        token: The bearer token that a client must show; none if empty. Health needs none.
        max_body_bytes: The largest body.
        max_nesting: How deep lists and objects may lie in one another; at most 200.
        max_rows: The most rows or examples in one request.
        timeout_secs: How long a request may take, from its first byte to the answer; 0 for ever.
        metrics_path: Where the counts are; nowhere if empty.
        cors: Whether pages of other sites may ask.

    Raises:
        ValueError: A limit is out of range.
    """

    token: str = ""
    max_body_bytes: int = 64 << 20
    max_nesting: int = MAX_NESTING
    max_rows: int = 100_000
    timeout_secs: float = 30.0
    metrics_path: str = "/monitoring/prometheus/metrics"
    cors: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.max_nesting <= _MOST_NESTING:
            raise ValueError(
                f"max_nesting is {self.max_nesting}; expected 1 to {_MOST_NESTING}: "
                "Python's own stack ends not far above"
            )


class Runner(Protocol):
    """What runs a model: a `Batcher`."""

    def run(
        self,
        servable: Servable,
        signature: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
    ) -> Awaitable[dict[str, NDArray[Any]]]:
        """Returns the outputs of a signature, by name."""


class RestApp:
    """The application. Whatever is sent to it, the answer is JSON.

    Args:
        store: The models.
        runner: Runs them.
        options: What a client may do.
        metrics: Where requests are counted; others may count there, too.
    """

    def __init__(
        self,
        store: ModelStore,
        runner: Runner,
        options: RestOptions | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._store, self._runner = store, runner
        self._options = options or RestOptions()
        self._deadlines = Deadlines(self._options.timeout_secs)
        self._methods = {
            "predict": self._predict,
            "classify": self._classify,
            "regress": self._regress,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, as ASGI has it."""
        if scope["type"] == "http":
            try:
                answer = await self._answer(scope, receive)
            except Gone:
                return
            await send_answer(send, answer, self._options.cors)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        options = self._options
        try:
            with self._deadlines.begin():
                return await self._route(scope, receive)
        except ServingError as error:
            return failed(error)
        except TooLarge:
            return hanging_up(scope, too_large(options.max_body_bytes))
        except TimeoutError:
            message = f"Not answered within {options.timeout_secs:g} seconds."
            return hanging_up(scope, failed(ServingError("DEADLINE_EXCEEDED", message)))
        except Gone:
            raise
        except Exception:  # the client learns that it is our fault, the log why
            _log.exception("Could not answer %s %r", scope["method"], raw_path(scope))
            return failed(ServingError("INTERNAL", "Internal error; see the server's log."))

    async def _route(self, scope: Scope, receive: Receive) -> Answer:
        method, path = scope["method"], raw_path(scope)
        reads = method in ("GET", "HEAD")
        if reads and path == b"/health":
            return Answer(200, b'{"status": "ok"}')
        if reads and path == b"/health/ready":
            return _READY if is_ready(self._store) else _NOT_READY
        if method == "OPTIONS" and self._options.cors:
            return Answer(200, b"")
        check_token(scope, self._options.token)
        if reads and path and path == self._options.metrics_path.encode():
            return Answer(200, self.metrics.page().encode(), CONTENT_TYPE.encode())
        if not path.lower().startswith(b"/v1/"):
            shown = path.decode("utf-8", "replace")
            raise ServingError("NOT_FOUND", f"There is nothing at {shown}")
        asked = parse_path(method, path)
        if asked.method == "status":
            return Answer(
                200, status_json(self._store.status(asked.name, asked.version, asked.label))
            )
        if asked.method == "metadata":
            with self._store.use(asked.name, asked.version, asked.label) as servable:
                return Answer(200, metadata_json(servable))
        return await self._counted(
            asked, await read_body(scope, receive, self._options.max_body_bytes)
        )

    async def _counted(self, asked: ModelPath, body: bytes) -> Answer:
        start, code = time.perf_counter(), _INTERNAL
        rows: int | None = None
        try:
            with self._store.use(asked.name, asked.version, asked.label) as servable:
                text, rows = await self._methods[asked.method](servable, body)
            code = "OK"
            return Answer(200, text)
        except ServingError as error:
            code = error.code
            raise
        except asyncio.CancelledError:
            code = "DEADLINE_EXCEEDED"
            raise
        finally:
            if code == "OK" or asked.name in self._store.names():
                micros = (time.perf_counter() - start) * 1e6
                api = asked.method.capitalize()
                self.metrics.request(asked.name, api, "REST", code, micros, rows)

    async def _predict(self, servable: Servable, body: bytes) -> tuple[bytes, int | None]:
        nesting = self._options.max_nesting
        if len(body) > _MUCH_TEXT:
            request = await asyncio.to_thread(
                parse_predict_fast, body, servable.signatures, nesting
            )
        else:
            request = parse_predict_fast(body, servable.signatures, nesting)
        rows = max([len(each) for each in request.inputs.values() if each.ndim], default=1)
        self._check_rows(rows)
        outputs = await self._runner.run(servable, request.signature, request.inputs)
        if sum([each.size for each in outputs.values()]) > _MANY_VALUES:
            return await asyncio.to_thread(write_predict, outputs, request.format), rows
        return write_predict(outputs, request.format), rows

    async def _classify(self, servable: Servable, body: bytes) -> tuple[bytes, int | None]:
        outputs, rows = await self._run_examples(servable, body, results.check_classify)
        return write_classifications(results.classifications(outputs, rows)), rows

    async def _regress(self, servable: Servable, body: bytes) -> tuple[bytes, int | None]:
        outputs, rows = await self._run_examples(servable, body, results.check_regress)
        return write_regressions(results.regressions(outputs, rows)), rows

    async def _run_examples(
        self, servable: Servable, body: bytes, check: Callable[[Any], list[str]]
    ) -> tuple[dict[str, NDArray[Any]], int]:
        nesting = self._options.max_nesting
        request = await _apart(len(body) > _MUCH_TEXT, lambda: parse_examples(body, nesting))
        self._check_rows(len(request.examples))
        wanted = check(signature_of(servable.signatures, request.signature))
        examples = await _apart(len(body) > _MUCH_TEXT, lambda: serialized(request))
        outputs = await self._runner.run(
            servable, request.signature, {results.INPUTS: examples}, wanted
        )
        return outputs, len(request.examples)

    def _check_rows(self, rows: int) -> None:
        if rows > self._options.max_rows:
            limit = self._options.max_rows
            raise invalid(f"The request has {rows} rows; the limit is {limit}.")


async def _apart(apart: bool, work: Callable[[], _T]) -> _T:
    """Does work in a thread where it is much, so that others are answered meanwhile."""
    return await asyncio.to_thread(work) if apart else work()


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
