"""The gRPC port of a server."""

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from kerasrun.exporters.serving.batching import Batcher
from kerasrun.exporters.serving.grpc_models import ModelService
from kerasrun.exporters.serving.grpc_prediction import PredictionService
from kerasrun.exporters.serving.options import ServerOptions
from kerasrun.exporters.serving.prometheus import Metrics
from kerasrun.exporters.serving.store import ModelStore


class GrpcServer:
    """Serves over gRPC, in the event loop that is running.

    Args:
        store: The models.
        batcher: What joins requests; of the same loop.
        options: The settings.
        metrics: Where requests are counted.

    Attributes:
        port: Where it listens.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self,
        store: ModelStore,
        batcher: Batcher,
        options: ServerOptions,
        metrics: Metrics | None = None,
    ) -> None:
        limit = options.rest.max_body_bytes
        token = options.rest.token
        self._server = grpc.aio.server(
            interceptors=[_Token(token)] if token else None,
            options=[("grpc.max_receive_message_length", limit), ("grpc.so_reuseport", 0)],
        )
        add = prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server
        add(PredictionService(store, batcher, metrics, options.rest), self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(store), self._server)
        self._drain_secs = options.drain_secs
        self.port = self._bound(options)

    async def start(self) -> None:
        """Begins to answer."""
        await self._server.start()

    async def stop(self) -> None:
        """Takes no more requests, and waits for those under way."""
        await self._server.stop(self._drain_secs)

    def _bound(self, options: ServerOptions) -> int:
        address = f"{options.host}:{options.port}"
        try:
            if options.ssl_certificate and options.ssl_key:
                files = (options.ssl_key, options.ssl_certificate)
                pair = tuple(Path(file).read_bytes() for file in files)
                return int(
                    self._server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
                )
            return int(self._server.add_insecure_port(address))
        except RuntimeError:
            raise OSError(
                f"cannot listen on {address} for gRPC: it is taken, or not ours"
            ) from None


class _Token(grpc.aio.ServerInterceptor):
    """Refuses calls without the bearer token."""

    def __init__(self, token: str) -> None:
        self._wanted = f"Bearer {token}".encode()

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        """Passes on what shows the token."""
        metadata = dict(details.invocation_metadata or ())
        given = metadata.get("authorization", "")
        given = given if isinstance(given, bytes) else given.encode()
        if hmac.compare_digest(given, self._wanted):
            return await continuation(details)
        return grpc.unary_unary_rpc_method_handler(_refuse)


async def _refuse(request: Any, context: Any) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "A bearer token is needed")
