"""A new run: its folder is claimed, its record written, its worker started and followed."""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasrun.runs import clock, ids
from kerasrun.runs.attempt import Request
from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.host import describe_host
from kerasrun.runs.json_file import reserve, write_json
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked
from kerasrun.runs.model_file import existing_model_file, split_name
from kerasrun.runs.packages import main_versions
from kerasrun.runs.records import SCHEMA
from kerasrun.runs.settings import from_command_line
from kerasrun.runs.source import keep_git_state, keep_model_file, keep_packages
from kerasrun.runs.supervisor import Ended, Listener, supervise


@dataclass(frozen=True)
class TrainOrder:
    """What the user wants trained.

    Attributes:
        model: `FILE` or `FILE:name`.
        argv: The command line.
        cwd: Where it was given; relative paths start here.
        name: What the run shall be called, or None.
        seed: None: drawn at random.
        params: Texts by parameter name.
        options: `max_steps`, `batch_size`, `train_data` and the like; None where not given.
    """

    model: str
    argv: list[str]
    cwd: Path
    name: str | None = None
    seed: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def launch(
    order: TrainOrder,
    root: Path,
    *,
    listener_for: Callable[[Path, dict[str, Any]], Listener] | None = None,
    verbose: bool = False,
) -> tuple[Path, Ended]:
    """Trains what `order` says as a new run under `root`.

    Args:
        order: What to train.
        root: Where runs live.
        listener_for: Makes what shows the run, of its folder and record.
        verbose: Whether all of the worker's output is shown.

    Returns:
        The run's folder, and how it ended.

    Raises:
        UsageError: Something given is wrong; no folder is left behind.
    """
    files, record = prepare(order, root)
    folder = files.folder
    try:
        listener = listener_for(folder, record) if listener_for else None
        request = Request(argv=order.argv)
        ended = supervise(folder, request, cwd=order.cwd, listener=listener, verbose=verbose)
    except (RunError, OSError, KeyboardInterrupt):
        _remove_unless_begun(files)
        raise
    if ended.outcome.code == 2 and not ended.outcome.began:
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(ended.outcome.reason, detail=ended.traceback)
    return folder, ended


def prepare(order: TrainOrder, root: Path) -> tuple[RunFiles, dict[str, Any]]:
    """Claims a folder under `root` and writes down what shall be run, without running it.

    Returns:
        The run's files, and the content of its `run.json`.

    Raises:
        UsageError: There is no such model file, or `root` cannot be written.
    """
    model_text, model_name = split_name(order.model)
    model_file = existing_model_file(model_text, order.cwd)
    files = RunFiles(ids.claim(root))
    try:
        return files, _write_record(files, order, model_file, model_name)
    except (OSError, KeyboardInterrupt) as error:
        shutil.rmtree(files.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise ids.cannot_make_a_run(root, error) from error
        raise


def _write_record(
    files: RunFiles, order: TrainOrder, model_file: Path, model_name: str | None
) -> dict[str, Any]:
    seed, origin = order.seed, "command line"
    if seed is None:
        seed, origin = secrets.randbelow(2**31), "drawn"
    texts = {
        name: {"value": text, "origin": "command line", "text": text}
        for name, text in order.params.items()
    }
    record = {
        "schema": SCHEMA,
        "id": files.folder.name,
        "kind": "train",
        "name": order.name,
        "created": clock.to_text(clock.now()),
        "argv": order.argv,
        "cwd": str(order.cwd),
        "model": keep_model_file(files, model_file, model_name),
        "params": texts,
        "settings": from_command_line(order.options),
        "seed": {"value": seed, "origin": origin},
        "git": keep_git_state(files, model_file.parent),
        "versions": main_versions(),
        "host": describe_host(),
        "attempts": [],
    }
    keep_packages(files)
    reserve(files.exit_json)
    write_json(files.run_json, record)
    return record


def _remove_unless_begun(files: RunFiles) -> None:
    with contextlib.suppress(OSError):  # where the lock cannot be asked: left as it is
        if not files.metrics_json.exists() and not is_locked(files.lock):
            shutil.rmtree(files.folder, ignore_errors=True)
