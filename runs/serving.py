"""Serving what runs have exported, and other SavedModels."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kerasrun.runs.errors import UsageError
from kerasrun.runs.quiet import without_noise
from kerasrun.runs.records import PROGRAM
from kerasrun.runs.run import Run
from kerasrun.runs.saved_models import newest_saved_model


def model_of_run(run: Run, name: str | None = None) -> tuple[str, str]:
    """What a run exported last, as a model to serve.

    Args:
        run: Which.
        name: What clients are to call it; None: as the run, else as its model file.

    Returns:
        The name, and the folder whose numbered subfolders are its versions.

    Raises:
        UsageError: The run has exported nothing.
    """
    newest = newest_saved_model(run.folder)
    if newest is None:
        of_program = run.record.get("kind") == PROGRAM
        mend = "" if of_program else f": `mlrun export {run.id[-4:]}` makes one"
        raise UsageError(f"run {run.id} has no export to serve{mend}")
    file = (run.record.get("model") or {}).get("file") or "model"
    chosen = name or run.name or Path(file).stem
    return re.sub(r"[^A-Za-z0-9_.-]", "_", chosen), str(newest.parent)


def models_to_serve(
    runs: Sequence[tuple[str, str]], flags: Sequence[str], config_file: str | None
) -> list[Any]:
    """The models of runs, of `NAME=BASE_DIR` texts and of a TensorFlow Serving config file.

    Raises:
        UsageError: One of them is wrong, two have one name, or there is none.
    """
    from kerasrun.exporters.serving.errors import ServingError
    from kerasrun.exporters.serving.model_config import (
        ModelConfig,
        checked_models,
        model_from_flag,
        models_from_text,
    )

    try:
        found = [ModelConfig(name, base_path) for name, base_path in runs]
        found += [model_from_flag(text) for text in flags]
        if config_file:
            found += models_from_text(Path(config_file).read_text(encoding="utf-8"))
        found = checked_models(found)
    except ServingError as error:
        raise UsageError(error.message) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--model_config_file {config_file}: {error}") from error
    if not found:
        raise UsageError("what shall be served? Name a run, or give --model NAME=BASE_DIR")
    for one in found:
        if "://" not in one.base_path and not Path(one.base_path).is_dir():
            raise UsageError(f"model {one.name}: there is no folder {one.base_path}")
    return found


def server_options(
    *,
    host: str,
    port: int | None,
    rest_api_port: int,
    poll_secs: float,
    batching: tuple[bool, int, int],
    token_file: Path | None,
    tls: tuple[Path | None, Path | None],
    labels_ahead: bool = False,
) -> Any:
    """The settings of a server.

    Args:
        host, port, rest_api_port, poll_secs: See `kerasrun.exporters.serving.options`.
        batching: Whether requests are joined, the most rows, and how many microseconds an idle
            model waits.
        token_file: Holds the bearer token; None: none is asked for.
        tls: The certificate and its key, or None.
        labels_ahead: Whether a label may be given to a version that is not loaded yet.

    Raises:
        UsageError: A file cannot be read, or holds no token.
    """
    from kerasrun.exporters.serving.batching import BatchOptions
    from kerasrun.exporters.serving.options import ServerOptions
    from kerasrun.exporters.serving.rest import RestOptions

    enabled, most, micros = batching
    for file in tls:
        if file is not None and not file.is_file():
            raise UsageError(f"there is no file {file}")
    return ServerOptions(
        host=host,
        port=port,
        rest_api_port=rest_api_port,
        poll_secs=poll_secs,
        ssl_certificate=str(tls[0]) if tls[0] else None,
        ssl_key=str(tls[1]) if tls[1] else None,
        allow_version_labels_for_unavailable_models=labels_ahead,
        rest=RestOptions(token=_token_in(token_file) if token_file else ""),
        batching=BatchOptions(enabled=enabled, max_batch_size=most, batch_timeout_micros=micros),
    )


def serve_models(
    models: Sequence[Any],
    options: Any,
    started: Callable[[Any, list[tuple[str, int, str, str]], str], None],
) -> None:
    """Serves until SIGINT or SIGTERM.

    Args:
        models: What `models_to_serve` returned.
        options: What `server_options` returned.
        started: Told where, what became of each version `(name, version, state, message)`, and a
            command line that asks.

    Raises:
        UsageError: A port is taken, or the models cannot be served so.
    """
    from kerasrun.exporters.serving.errors import ServingError
    from kerasrun.exporters.serving.server import serve

    def told(addresses: Any, store: Any) -> None:
        states = [
            (name, one.version, one.state.name, one.error_message)
            for name in store.names()
            for one in _statuses(store, name)
        ]
        started(addresses, states, f"curl {addresses.rest}/v1/models/{models[0].name}")

    try:
        with without_noise():
            serve(models, options, started=told)
    except ServingError as error:
        raise UsageError(error.message) from None
    except OSError as error:
        raise UsageError(str(error)) from error


def _statuses(store: Any, name: str) -> list[Any]:
    from kerasrun.exporters.serving.errors import ServingError

    try:
        return list(store.status(name))
    except ServingError:  # its folder is empty yet
        return []


def _token_in(file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--token-file {file}: {error}") from error
    if not token:
        raise UsageError(f"--token-file {file} is empty")
    return token
