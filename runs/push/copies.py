"""Copies of run folders in a store, made so that a half-made one is not taken for a whole one.

Event files come first, checkpoints after them, the records last, and `run.json` as the very last:
a run without it is `preparing`.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kerasrun.runs.copied import copied_record
from kerasrun.runs.errors import Refused, RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.push.store import Entry, Store
from kerasrun.runs.run import read_run

THREADS = 32
RECORDS = (
    *("labels.json", "metrics.json", "evaluations.json", "exit.json"),
    *("copied.json", "run.json"),
)
_STAYS_HERE = ("lock", "labels.lock", "training.lock", "heartbeat")
_LATE = ("checkpoint",)  # it names files that must be there before it
_OLD_CHECKPOINT = "model.ckpt-"


def push_run(folder: Path, store: Store) -> str:
    """Copies a run into a store, what has changed of it; returns where it is.

    Raises:
        RunError: The store cannot be reached.
    """
    run_id = folder.name
    there = store.walk(run_id)
    names = sorted(_files(folder), key=_order)
    early = [name for name in names if name not in RECORDS and name not in _LATE]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda name: _send(folder, name, store, there.get(name)), early))
    for name in _LATE:
        _send(folder, name, store, None)
    for name in RECORDS:
        if name == "copied.json":
            now = read_run(folder)  # its status, once all that it says of itself is there
            content = copied_record(now.status.state, now.status.reason)
            store.write(f"{run_id}/{name}", json.dumps(content).encode())
        else:
            _send(folder, name, store, None)
    for name in there.keys() - set(names):
        if name.startswith(_OLD_CHECKPOINT):  # Estimators keep the last few only
            store.remove(f"{run_id}/{name}")
    return f"{store.url}/{run_id}"


def pull_run(run_id: str, store: Store, root: Path) -> Path:
    """Copies a run from a store to `root`; returns its folder, which is whole or absent.

    Raises:
        Refused: There is a run of this id here that is no copy.
        RunError: The store cannot be reached, or the disk not written.
    """
    target = root / run_id
    if target.exists() and not RunFiles(target).copied_json.exists():
        raise Refused(f"run {run_id} is under {root} already, and is no copy that may be replaced")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".pull-") as aside:
            folder = Path(aside) / run_id
            folder.mkdir()
            names = [name for name in store.walk(run_id) if ".." not in name.split("/")]
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(lambda name: store.get(f"{run_id}/{name}", folder / name), names))
            if target.exists():
                os.replace(target, Path(aside) / "before")
            os.replace(folder, target)
    except FileNotFoundError as error:
        raise RunError(f"run {run_id} changed while it was copied ({error}): try again") from error
    except OSError as error:
        raise RunError(f"cannot write under {root}: {error.strerror or error}") from error
    return target


def _files(folder: Path) -> Iterator[str]:
    """The regular files of a run that a copy has too, by their paths in it."""
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and name not in _STAYS_HERE and path.is_file() and not path.is_symlink():
            yield name


def _order(name: str) -> tuple[bool, str]:
    return "tfevents" not in name, name


def _send(folder: Path, name: str, store: Store, there: Entry | None) -> None:
    file = folder / name
    with contextlib.suppress(FileNotFoundError):  # removed meanwhile, or never there
        stat = file.stat()
        same = there is not None and there.size == stat.st_size
        if same and there is not None and (there.modified or 0.0) >= stat.st_mtime:
            return
        store.put(file, f"{folder.name}/{name}")
