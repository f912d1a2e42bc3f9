"""How to serve: the settings of a server."""

import dataclasses

from kerasrun.exporters.serving.batching import BatchOptions
from kerasrun.exporters.serving.rest import RestOptions


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """The settings of a server.

    Attributes:
        host: The interface to listen on.
        port: Of gRPC; None: no gRPC; 0: any free one.
        rest_api_port: Of REST; 0: any free one.
        poll_secs: How often folders are looked at for versions; 0: never again.
        drain_secs: How long requests under way may take once the server is asked to end.
        ssl_certificate: A PEM file; with `ssl_key` both ports speak TLS.
        ssl_key: A PEM file.
        allow_version_labels_for_unavailable_models: Whether a label that no version has had may be
            given to one that is not loaded yet.
        rest: What a client may do; its token, body size and rows hold for gRPC, too.
        batching: How requests are joined.
    """

    host: str = "127.0.0.1"
    port: int | None = 8500
    rest_api_port: int = 8501
    poll_secs: float = 1.0
    drain_secs: float = 20.0
    ssl_certificate: str | None = None
    ssl_key: str | None = None
    allow_version_labels_for_unavailable_models: bool = False
    rest: RestOptions = dataclasses.field(default_factory=RestOptions)
    batching: BatchOptions = dataclasses.field(default_factory=BatchOptions)
