"""A server: REST and gRPC on the same models, in one process."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasrun._tensorflow_import import import_tensorflow
from kerasrun.exporters.serving.batching import Batcher
from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.model_config import ModelConfig
from kerasrun.exporters.serving.options import ServerOptions
from kerasrun.exporters.serving.prometheus import Metrics
from kerasrun.exporters.serving.rest import RestApp
from kerasrun.exporters.serving.store import ModelStore

if TYPE_CHECKING:
    from kerasrun.exporters.serving.grpc_server import GrpcServer

_BACKLOG = 2048


class Addresses(NamedTuple):
    """Where a server answers.

    Attributes:
        rest: `http://127.0.0.1:8501`, or https.
        grpc: `127.0.0.1:8500`; None without gRPC.
    """

    rest: str
    grpc: str | None


def serve(
    models: Sequence[ModelConfig],
    options: ServerOptions,
    *,
    started: Callable[[Addresses, ModelStore], None] = lambda addresses, store: None,
) -> None:
    """Loads the models and answers until SIGINT or SIGTERM; then ends what is under way.

    Args:
        models: What to serve; versions that cannot be loaded are reported, not served.
        options: The settings.
        started: Told where, once it answers.

    Raises:
        OSError: A port is taken.
        ServingError: The models cannot be served as configured; or a package is missing.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(models, options, started))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """A faster event loop, where it is installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(
    models: Sequence[ModelConfig],
    options: ServerOptions,
    started: Callable[[Addresses, ModelStore], None],
) -> None:
    allowed = options.allow_version_labels_for_unavailable_models
    store, batcher, metrics = ModelStore(labels_ahead=allowed), Batcher(options.batching), Metrics()
    with contextlib.ExitStack() as stack:
        stack.callback(store.close)
        stack.callback(batcher.close)
        listening = stack.enter_context(_listening(options.host, options.rest_api_port))
        import_tensorflow()
        grpc_server = _grpc_server(store, batcher, options, metrics)
        await asyncio.to_thread(store.configure, models)
        store.start(options.poll_secs)
        rest = _rest_server(RestApp(store, batcher, options.rest, metrics), options)
        addresses = _addresses(listening, grpc_server, options)
        serving = asyncio.ensure_future(rest.serve(sockets=[listening]))
        if grpc_server:
            await grpc_server.start()
        with _asked_to_end(rest) as asked:
            started(addresses, store)
            asking = asyncio.ensure_future(asked.wait())
            await asyncio.wait((serving, asking), return_when=asyncio.FIRST_COMPLETED)
            asking.cancel()
            await asyncio.gather(serving, *([grpc_server.stop()] if grpc_server else []))


def _rest_server(app: RestApp, options: ServerOptions) -> Any:
    try:
        import uvicorn
    except ModuleNotFoundError:
        raise ServingError(
            "UNIMPLEMENTED", "uvicorn is not installed. Try: pip install 'kerasrun[serve]'"
        ) from None

    class Server(uvicorn.Server):
        """Leaves the signals to us: both ports end together."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(
        uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            ssl_certfile=options.ssl_certificate,
            ssl_keyfile=options.ssl_key,
            timeout_graceful_shutdown=max(1, round(options.drain_secs)),
        )
    )


def _grpc_server(
    store: ModelStore, batcher: Batcher, options: ServerOptions, metrics: Metrics
) -> "GrpcServer | None":
    if options.port is None:
        return None
    try:
        from kerasrun.exporters.serving.grpc_server import GrpcServer
    except ModuleNotFoundError as error:
        raise ServingError(
            "UNIMPLEMENTED",
            f"{error.name} is not installed. Try: pip install 'kerasrun[serve]', or serve without "
            "gRPC",
        ) from None
    return GrpcServer(store, batcher, options, metrics)


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that is bound before the models are loaded: a port that is taken is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol said, asyncio turns off Nagle's delay: else each answer takes 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        listening.listen(_BACKLOG)
        yield listening


@contextlib.contextmanager
def _asked_to_end(rest: Any) -> Iterator[asyncio.Event]:
    """Within it SIGINT and SIGTERM end the server of REST, and set what it yields."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def end() -> None:
        rest.should_exit = True
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        yield asked
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _addresses(
    listening: socket.socket, grpc_server: "GrpcServer | None", options: ServerOptions
) -> Addresses:
    host = f"[{options.host}]" if ":" in options.host else options.host
    scheme = "https" if options.ssl_certificate else "http"
    rest = f"{scheme}://{host}:{listening.getsockname()[1]}"
    return Addresses(rest, f"{host}:{grpc_server.port}" if grpc_server else None)
