"""JSON files that are whole or absent: written aside, flushed to disk, renamed.

Each file has one writer at a time, the process that holds the run's lock. So what is written aside
has one name, and what a killed writer left there is overwritten by the next.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

RESERVED_BYTES = 4096
_READ_BYTES = 2**16


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replaces `path`; a reader sees the old content or the new, never a part.

    Raises:
        OSError: The disk is full or not writable; the old content is still there. It names `path`.
    """
    write_whole(path, to_json(content))


def write_whole(path: Path, text: str) -> None:
    """Replaces `path` with any text, as `write_json`."""
    aside = path.with_name(f".{path.name}.tmp")
    try:
        with _naming(path), aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`, or None when the file is missing or blank.

    Raises:
        ValueError: The file does not hold a JSON object.
        OSError: The file cannot be read.
    """
    try:
        text = _bytes_of(path).decode("utf-8")
    except FileNotFoundError:
        return None
    if not text.strip():
        return None
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if "\\u" in text:
        to_json({"": content}).encode()  # half a surrogate pair could not be printed
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds {type(content).__name__}, expected an object")
    return content


def _bytes_of(path: Path) -> bytes:
    """As `Path.read_bytes`, with half as many calls of the kernel: thousands are read at once."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(file, _READ_BYTES):
            parts.append(part)
            if len(part) < _READ_BYTES:
                break
        return b"".join(parts)
    finally:
        os.close(file)


def to_json(content: Mapping[str, Any]) -> str:
    """Readable JSON, one key a line, with a newline at the end; NaN and infinity become null."""
    return json.dumps(finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def reserve(path: Path) -> None:
    """Fills `path` with blanks, so that a full disk cannot keep the last word from being said.

    What was there is written over in place: no one else can take its space meanwhile.

    Raises:
        OSError: There is no room. It names `path`.
    """
    _write_in_place(path, b"")


def write_reserved(path: Path, content: Mapping[str, Any]) -> None:
    """Writes `content` into the blanks of `path` in place, needing no new space on the disk.

    Raises:
        ValueError: `content` takes more than `RESERVED_BYTES`.
        OSError: The file is gone, and cannot be made anew.
    """
    data = to_json(content).encode()
    if len(data) > RESERVED_BYTES:
        raise ValueError(f"{path.name}: {len(data)} bytes, room for {RESERVED_BYTES}")
    _write_in_place(path, data)


def _write_in_place(path: Path, data: bytes) -> None:
    with _naming(path):
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            block = data.ljust(RESERVED_BYTES, b"\n")
            written = os.pwrite(file, block, 0)
            if written < RESERVED_BYTES:  # no room for all: the next try says why
                os.pwrite(file, block[written:], written)
            os.ftruncate(file, RESERVED_BYTES)
            os.fsync(file)
        finally:
            os.close(file)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """A write that fails does not say which file it was: here it does."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def finite(value: Any) -> Any:
    """The value with None in place of NaN and infinity, which JSON does not know."""
    if isinstance(value, float) and value - value != 0:  # NaN or infinite
        return None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
