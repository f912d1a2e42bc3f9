"""A place for run folders that fsspec reaches: a bucket, another machine's disk, memory."""

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.outcome import describe

# They have no folders; making some would make a bucket whose name is misspelt.
_BUCKETS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "hf"}
_LOCAL = {"file", "local"}
_PASSWORD = re.compile(r"//[^/@]*@")


class Entry(NamedTuple):
    """A file or a folder there.

    Attributes:
        name: The last part of its path.
        size: In bytes; None: it is a folder.
        version: Changes when its content does: an etag, or the time of its last change.
        modified: When it was changed last, in seconds since 1970; None where it is not told.
    """

    name: str
    size: int | None
    version: str
    modified: float | None


class Store:
    """The folder at a URL.

    Args:
        url: Such as `s3://bucket/team` or `file:///mnt/team`.

    Raises:
        UsageError: fsspec is not installed, or knows no such URL.
    """

    def __init__(self, url: str) -> None:
        self.url = without_password(url).rstrip("/")
        if not is_url(url):
            raise UsageError(f"{url}: expected a URL such as s3://BUCKET/PATH or file:///PATH")
        try:
            import fsspec
        except ImportError:
            raise UsageError(f"{self.url} needs fsspec: pip install 'kerasrun[remote]'") from None
        try:
            # What another process has written since must be seen.
            self._files, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{self.url}: {describe(error)}") from None
        self._base = str(path).rstrip("/")

    def list(self, path: str = "") -> list[Entry]:
        """What lies in a folder; nothing where there is none.

        Raises:
            RunError: It cannot be reached.
        """
        with self._reaching("read"):
            try:
                found = self._files.ls(self._full(path), detail=True)
            except (FileNotFoundError, NotADirectoryError):
                return []
            # A bucket lists a folder's own name too.
            return [_entry(info) for info in found if info["name"].strip("/") != self._bare(path)]

    def walk(self, path: str) -> dict[str, Entry]:
        """All files below a folder, by their paths from there."""
        with self._reaching("read"):
            try:
                found = self._files.find(self._full(path), detail=True)
            except FileNotFoundError:
                return {}
            start = len(self._bare(path)) + 1
            entries = {info["name"].strip("/")[start:]: _entry(info) for info in found.values()}
            return {name: one for name, one in entries.items() if not one.name.startswith(".")}

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: It is not there.
            RunError: It cannot be reached.
        """
        with self._reaching("read"):
            data: bytes = self._files.cat_file(self._full(path))
            return data

    def write(self, path: str, data: bytes) -> None:
        """Replaces a file's content; a reader sees the old or the new."""
        with self._reaching("write"), self._replacing(path) as target:
            self._files.pipe_file(target, data)

    def put(self, file: Path, path: str) -> None:
        """Copies a file of this machine there.

        Raises:
            FileNotFoundError: It is gone.
            RunError: It cannot be written there.
        """
        try:
            with self._reaching("write"), self._replacing(path) as target:
                self._files.put_file(str(file), target)
        except RunError:
            if not file.exists():
                raise FileNotFoundError(str(file)) from None
            raise

    def get(self, path: str, file: Path) -> None:
        """Copies a file from there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._reaching("read"):
            self._files.get_file(self._full(path), str(file))

    def remove(self, path: str) -> None:
        """Removes a file, if it is there."""
        with self._reaching("write"), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._full(path))

    @contextmanager
    def _replacing(self, path: str) -> Iterator[str]:
        """Where to write what shall be found at `path`."""
        target = self._full(path)
        if self._is(_BUCKETS):  # whole or absent by themselves
            yield target
            return
        folder, _, name = target.rpartition("/")
        self._files.makedirs(folder, exist_ok=True)
        if not self._is(_LOCAL):
            yield target
            return
        aside = f"{folder}/.{name}.{os.getpid()}.tmp"
        try:
            yield aside
            os.replace(aside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(aside)
            raise

    def _is(self, kinds: set[str]) -> bool:
        own = self._files.protocol
        return bool(kinds.intersection([own] if isinstance(own, str) else own))

    def _full(self, path: str) -> str:
        return f"{self._base}/{path}" if path else self._base or "/"

    def _bare(self, path: str) -> str:
        return self._full(path).strip("/")

    @contextmanager
    def _reaching(self, what: str) -> Iterator[None]:
        """Each kind of store has errors of its own."""
        try:
            yield
        except Exception as error:
            if what == "read" and isinstance(error, FileNotFoundError):
                raise
            raise RunError(f"cannot {what} {self.url}: {describe(error)}") from error


def is_url(text: str) -> bool:
    """Whether it names a store and not a folder.

    >>> is_url("s3://bucket/team"), is_url("runs"), is_url("/mnt/a:b")
    (True, False, False)
    """
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*(::[a-z0-9]+)*://", text) is not None


def without_password(url: str) -> str:
    """The URL as it may be shown.

    >>> without_password("sftp://me:secret@host/team")
    'sftp://host/team'
    """
    return _PASSWORD.sub("//", url)


def _entry(info: dict[str, Any]) -> Entry:
    size = None if info["type"] == "directory" else int(info.get("size") or 0)
    modified = next(
        (
            info[key]
            for key in ("mtime", "LastModified", "last_modified", "updated", "created")
            if info.get(key) is not None
        ),
        None,
    )
    tag = info.get("ETag") or info.get("etag") or info.get("md5Hash") or modified
    return Entry(
        info["name"].rstrip("/").rpartition("/")[2], size, f"{size} {tag}", _secs(modified)
    )


def _secs(modified: Any) -> float | None:
    if isinstance(modified, int | float):
        return float(modified)
    return modified.timestamp() if hasattr(modified, "timestamp") else None
