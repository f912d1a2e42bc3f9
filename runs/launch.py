"""A new run: its folder is claimed, its record written, its worker started and followed."""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from kerasrun.runs import clock, ids
from kerasrun.runs.attempt import Request
from kerasrun.runs.cluster.job import plan_of, run_job
from kerasrun.runs.environment import kept_environment
from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.host import describe_host
from kerasrun.runs.json_file import reserve, write_json
from kerasrun.runs.labels import change_labels, check_labels
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.lock import is_locked
from kerasrun.runs.model_file import existing_model_file, split_name
from kerasrun.runs.packages import main_versions
from kerasrun.runs.parent import AGAIN, Parent
from kerasrun.runs.records import SCHEMA
from kerasrun.runs.settings import COMMAND_LINE, from_command_line
from kerasrun.runs.source import keep_git_state, keep_model_file, keep_packages
from kerasrun.runs.supervisor import Ended, Listener


class Order(Protocol):
    """What any run is made of."""

    @property
    def argv(self) -> list[str]:
        """The command line."""

    @property
    def name(self) -> str | None:
        """What the run shall be called, or None."""

    @property
    def tags(self) -> Sequence[str]:
        """Words to find it by."""

    @property
    def note(self) -> str | None:
        """What is to be remembered about it, or None."""


@dataclass(frozen=True)
class TrainOrder:
    """What the user wants trained.

    Attributes:
        model: `FILE` or `FILE:name`; None: that of the parent.
        argv: The command line.
        cwd: Where it was given; relative paths start here.
        name: What the run shall be called, or None.
        seed: None: drawn at random.
        params: Texts by parameter name.
        options: `max_steps`, `batch_size`, `train_data` and the like; None where not given.
        parent: The run that this one begins with, or None.
        tags: Words to find it by.
        note: What is to be remembered about it, or None.
        job: The word by which its processes find it, where somebody else starts them; or None.
    """

    model: str | None
    argv: list[str]
    cwd: Path
    name: str | None = None
    seed: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    parent: Parent | None = None
    tags: Sequence[str] = ()
    note: str | None = None
    job: str | None = None


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
    ended = begin(files, record, listener_for=listener_for, verbose=verbose)
    if ended.outcome.code == 2 and not ended.outcome.began:
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(ended.outcome.reason, detail=ended.traceback)
    return folder, ended


def begin(
    files: RunFiles,
    record: dict[str, Any],
    *,
    listener_for: Callable[[Path, dict[str, Any]], Listener] | None = None,
    verbose: bool = False,
) -> Ended:
    """Starts the worker of a run that is written down, and follows it to its end.

    A run whose worker cannot begin is removed.

    Raises:
        RunError, OSError: It cannot begin.
    """
    folder = files.folder
    try:
        listener = listener_for(folder, record) if listener_for else None
        request = Request(argv=record["argv"])
        cwd = Path(record["cwd"])
        return run_job(folder, record, request, cwd=cwd, listener=listener, verbose=verbose)
    except (RunError, OSError, KeyboardInterrupt):
        _remove_unless_begun(files)
        raise


def prepare(order: TrainOrder, root: Path) -> tuple[RunFiles, dict[str, Any]]:
    """Claims a folder under `root` and writes down what shall be run, without running it.

    Returns:
        The run's files, and the content of its `run.json`.

    Raises:
        UsageError: There is no such model file, a tag is not a word, the machine has not the
            devices for so many workers, or `root` cannot be written.
    """
    check_labels(order.tags, order.note)
    if order.parent:
        order.parent.check()
    source = _source(order)
    made = write_down(order, "train", root, lambda files: {**source(files), **_given(order)})
    files, record = made
    try:
        plan_of(record)
    except UsageError:
        shutil.rmtree(files.folder, ignore_errors=True)
        raise
    return made


def write_down(
    order: Order, kind: str, root: Path, entries: Callable[[RunFiles], dict[str, Any]]
) -> tuple[RunFiles, dict[str, Any]]:
    """Claims a folder under `root` and writes the record of a run of this kind.

    Args:
        order: What the user wants.
        kind: See `kerasrun.runs.records`.
        root: Where runs live.
        entries: What `run.json` says besides, once its files are kept.

    Returns:
        The run's files, and the content of its `run.json`.

    Raises:
        UsageError: `root` cannot be written.
    """
    files = RunFiles(ids.claim(root))
    try:
        return files, _write_record(files, order, kind, entries)
    except (OSError, RunError, KeyboardInterrupt) as error:
        shutil.rmtree(files.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise ids.cannot_make_a_run(root, error) from error
        raise


def _source(order: TrainOrder) -> Callable[[RunFiles], dict[str, Any]]:
    """What keeps the code in a run, and tells what `run.json` says of it."""
    parent = order.parent
    if order.model is None:
        assert parent is not None
        return lambda files: {
            "cwd": str(parent.cwd),
            "model": parent.keep_source(files),
            "git": parent.keep_git_state(files),
        }
    text, name = split_name(order.model)
    model_file = existing_model_file(text, order.cwd)
    return lambda files: {
        "cwd": str(order.cwd),
        "model": keep_model_file(files, model_file, name),
        "git": keep_git_state(files, model_file.parent),
    }


def _write_record(
    files: RunFiles, order: Order, kind: str, entries: Callable[[RunFiles], dict[str, Any]]
) -> dict[str, Any]:
    record = {
        "schema": SCHEMA,
        "id": files.folder.name,
        "kind": kind,
        "name": order.name,
        "created": clock.to_text(clock.now()),
        "argv": order.argv,
        **entries(files),
        "versions": main_versions(),
        "host": describe_host(),
        "environ": kept_environment(),
        "attempts": [],
    }
    keep_packages(files)
    reserve(files.exit_json)
    write_json(files.run_json, record)
    if order.tags or order.note:
        change_labels(files, add=order.tags, note=order.note)
    return record


def _given(order: TrainOrder) -> dict[str, Any]:
    """Params, settings and the seed: of the command line, else of the parent."""
    given: dict[str, Any] = {
        "params": {
            name: {"value": text, "origin": COMMAND_LINE, "text": text}
            for name, text in order.params.items()
        },
        "settings": from_command_line(order.options),
        "seed": {"value": order.seed, "origin": COMMAND_LINE},
    }
    if order.job:
        given["job"] = order.job
    parent = order.parent
    if parent:
        given["parent"] = {"run": parent.run.id, "how": parent.how}
        if order.model is None:
            given["params"] = parent.params() | given["params"]
        if parent.how == AGAIN:
            given["settings"] = parent.settings() | given["settings"]
        else:
            entry = {"value": str(parent.run.folder), "origin": parent.origin}
            given["settings"]["warm_start_from"] = entry
    if order.seed is None:
        again = parent is not None and parent.how == AGAIN
        drawn = {"value": secrets.randbelow(2**31), "origin": "drawn"}
        given["seed"] = parent.seed() if parent and again else drawn
    return given


def _remove_unless_begun(files: RunFiles) -> None:
    with contextlib.suppress(OSError):  # where the lock cannot be asked: left as it is
        if not files.metrics_json.exists() and not is_locked(files.lock):
            shutil.rmtree(files.folder, ignore_errors=True)
