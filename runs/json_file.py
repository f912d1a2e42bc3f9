"""JSON files that are whole or absent: written aside, flushed to disk, renamed."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESERVED_BYTES = 4096


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replaces `path`; a reader sees the old content or the new, never a part.

    Raises:
        OSError: The disk is full or not writable; the old content is still there.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(to_json(content))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`, or None when the file is missing or blank.

    Raises:
        ValueError: The file does not hold a JSON object.
        OSError: The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    if not text.strip():
        return None
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds {type(content).__name__}, expected an object")
    return content


def to_json(content: Mapping[str, Any]) -> str:
    """Readable JSON, one key a line, with a newline at the end; NaN and infinity become null."""
    return json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def reserve(path: Path) -> None:
    """Fills `path` with blanks, so that a full disk cannot keep the last word from being said."""
    with path.open("w", encoding="utf-8") as file:
        file.write("\n" * RESERVED_BYTES)
        file.flush()
        os.fsync(file.fileno())


def write_reserved(path: Path, content: Mapping[str, Any]) -> None:
    """Writes `content` into the blanks of `path` in place, needing no new space on the disk.

    Raises:
        ValueError: `content` takes more than `RESERVED_BYTES`.
    """
    data = to_json(content).encode()
    if len(data) > RESERVED_BYTES:
        raise ValueError(f"{path.name}: {len(data)} bytes, room for {RESERVED_BYTES}")
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(file, data.ljust(RESERVED_BYTES, b"\n"), 0)
        os.fsync(file)
    finally:
        os.close(file)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0:  # NaN or infinite
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
