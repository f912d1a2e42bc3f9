"""`mlrun serve`: answers clients of TensorFlow Serving."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kerasrun.cli.completion import run_names
from kerasrun.cli.options import Root, Traceback


def serve(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Runs whose newest export is served.",
            show_default=False,
            autocompletion=run_names,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=BASE_DIR",
            help="A folder whose numbered subfolders are SavedModels. May be given many times.",
            show_default=False,
        ),
    ] = None,
    model_base_path: Annotated[
        str | None,
        typer.Option(
            "--model_base_path",
            metavar="BASE_DIR",
            help="The same for a model that --model_name names. Default: `default`.",
            show_default=False,
        ),
    ] = None,
    model_name: Annotated[
        str | None,
        typer.Option(
            "--model_name",
            metavar="NAME",
            help="What clients call it. Default: the run's name, else that of its model file.",
            show_default=False,
        ),
    ] = None,
    model_config_file: Annotated[
        str | None,
        typer.Option(
            "--model_config_file",
            metavar="FILE",
            help="A ModelServerConfig in text form, as TensorFlow Serving takes it.",
            show_default=False,
        ),
    ] = None,
    labels_ahead: Annotated[
        bool,
        typer.Option(
            "--allow_version_labels_for_unavailable_models",
            help="Whether a label of the config file may wait for its version.",
        ),
    ] = False,
    rest_api_port: Annotated[
        int, typer.Option("--rest_api_port", min=0, max=65535, help="Of REST; 0: any free one.")
    ] = 8501,
    port: Annotated[int, typer.Option(min=-1, max=65535, help="Of gRPC; -1: no gRPC.")] = 8500,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The interface to listen on.")
    ] = "127.0.0.1",
    poll_secs: Annotated[
        float,
        typer.Option(
            "--file_system_poll_wait_seconds", min=0, help="How often versions are looked for."
        ),
    ] = 1.0,
    max_batch_size: Annotated[
        int, typer.Option("--max_batch_size", min=1, help="The most rows in one call of a model.")
    ] = 128,
    batch_timeout_micros: Annotated[
        int,
        typer.Option(
            "--batch_timeout_micros", min=0, help="How long an idle model waits for more requests."
        ),
    ] = 0,
    enable_batching: Annotated[
        bool,
        typer.Option(
            "--enable_batching/--no_batching", help="Whether requests that wait are joined."
        ),
    ] = True,
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file with the bearer token that clients must show.", metavar="FILE"),
    ] = None,
    ssl_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A PEM file: both ports speak TLS.")
    ] = None,
    ssl_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate's private key.")
    ] = None,
    root: Root = None,
    traceback: Traceback = False,
) -> None:
    """Serve exported models over REST and gRPC, as TensorFlow Serving does; Ctrl-C ends it."""
    import signal

    from kerasrun.cli.errors import readable_errors
    from kerasrun.runs.errors import UsageError
    from kerasrun.runs.query import find_run
    from kerasrun.runs.root import runs_root
    from kerasrun.runs.serving import model_of_run, models_to_serve, serve_models, server_options

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a client that hangs up must not end it
    with readable_errors(traceback=traceback):
        if model_name and len(runs or []) + bool(model_base_path) != 1:
            raise UsageError("--model_name is about one run, or about --model_base_path")
        if (ssl_certificate is None) is not (ssl_key is None):
            raise UsageError("--ssl-certificate and --ssl-key go together")
        found = [model_of_run(find_run(one, runs_root(root)), model_name) for one in runs or []]
        if model_base_path:
            found.append((model_name or "default", model_base_path))
        models = models_to_serve(found, model or [], model_config_file)
        options = server_options(
            host=host,
            port=None if port < 0 else port,
            rest_api_port=rest_api_port,
            poll_secs=poll_secs,
            batching=(enable_batching, max_batch_size, batch_timeout_micros),
            token_file=token_file,
            tls=(ssl_certificate, ssl_key),
            labels_ahead=labels_ahead,
        )
        serve_models(models, options, _say)


def _say(addresses: Any, states: list[tuple[str, int, str, str]], example: str) -> None:
    lines = [
        f"{name} version {version}: {state}"
        for name, version, state, message in states
        if not message  # else the log has said it
    ]
    grpc = f"   gRPC {addresses.grpc}" if addresses.grpc else ""
    lines += [f"REST {addresses.rest}{grpc}   Ctrl-C ends it", example]
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:  # nobody reads it; Python's own flush at the end must not fail, too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
