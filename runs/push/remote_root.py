"""Runs in a store, read like those of a folder: their small records are kept here in a cache.

The cache is keyed by the URL, and holds a record for as long as its version there is the same. It
may be deleted at any time.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kerasrun.runs.errors import UsageError
from kerasrun.runs.ids import is_run_id
from kerasrun.runs.json_file import read_json, to_json
from kerasrun.runs.push.copies import RECORDS, THREADS
from kerasrun.runs.push.store import Store

_VERSIONS = ".versions.json"


def records_of(store: Store, environ: Mapping[str, str] = os.environ) -> Path:
    """A folder with the records of all runs in a store, as they are now."""
    cache = _cache_folder(store.url, environ)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        run_ids = {one.name for one in store.list() if one.size is None and is_run_id(one.name)}
        for gone in [path for path in cache.iterdir() if path.name not in run_ids]:
            shutil.rmtree(gone, ignore_errors=True)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda run_id: _refresh(store, run_id, cache / run_id), run_ids))
    except OSError as error:
        raise UsageError(f"cannot write the cache {cache}: {error.strerror or error}") from error
    return cache


def _refresh(store: Store, run_id: str, folder: Path) -> None:
    there = {one.name: one.version for one in store.list(run_id) if one.name in RECORDS}
    folder.mkdir(exist_ok=True)
    known = _versions(folder)
    if known == there:
        return
    for name in RECORDS:
        if name not in there:
            (folder / name).unlink(missing_ok=True)
        elif known.get(name) != there[name]:
            with contextlib.suppress(FileNotFoundError):
                _replace(folder / name, store.read(f"{run_id}/{name}"))
    _replace(folder / _VERSIONS, to_json(there).encode())


def _versions(folder: Path) -> dict[str, str]:
    try:
        return read_json(folder / _VERSIONS) or {}
    except (OSError, ValueError):
        return {}


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all; two commands may refresh the same cache."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as aside:
        aside.write(data)
    os.replace(aside.name, path)


def _cache_folder(url: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", url)[:80]
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Path(home) / "kerasrun" / "stores" / f"{readable}-{digest}"
