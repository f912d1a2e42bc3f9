"""CSV files as lines: found, counted, read at the head and whole.

Paths are whatever `tf.io.gfile` opens: local files, and `gs://` and the like.
"""

import codecs
import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from kerasrun.input_fns.suggestions import did_you_mean

_BYTES_PER_BLOCK = 2**22


@dataclass(frozen=True)
class Head:
    """The header and the first data rows of a file, split into fields; no blank lines."""

    header: list[str] | None
    rows: list[list[str]]


def matching_files(file_pattern: Any) -> list[str]:
    """Returns the files that a path, a glob or a list of these means, sorted within each glob.

    Raises:
        FileNotFoundError: one of them matches nothing.
        TypeError: it is neither a path nor a list of paths.
    """
    if isinstance(file_pattern, str | os.PathLike):
        return _files_of(os.fspath(file_pattern))
    if not isinstance(file_pattern, Sequence) or not file_pattern:
        raise TypeError(
            f"file_pattern must be a path, a glob or a list of these, got {file_pattern!r}."
        )
    return [path for pattern in file_pattern for path in _files_of(os.fspath(pattern))]


def _files_of(pattern: str) -> list[str]:
    if tf.io.gfile.isdir(pattern):
        raise FileNotFoundError(f"{pattern} is a folder; name its files, as in '{pattern}/*.csv'.")
    if tf.io.gfile.exists(pattern):  # first, for a name may hold brackets
        return [pattern]
    found = sorted(tf.io.gfile.glob(pattern))
    if not found:
        raise FileNotFoundError(f"No CSV file matches {pattern!r}. {_neighbours(pattern)}")
    return found


def _neighbours(pattern: str) -> str:
    folder, name = os.path.split(pattern)
    if folder and not tf.io.gfile.isdir(folder):
        return f"The folder {folder!r} does not exist."
    return did_you_mean(name, sorted(tf.io.gfile.listdir(folder or ".")))


def head_of(path: str, *, header: bool, delimiter: str, row_limit: int) -> Head:
    """Returns the first `row_limit` rows of a file, and its header where it has one.

    Raises:
        ValueError: the file is empty, or a line is not UTF-8.
    """
    lines = _numbered_lines(path)
    names = None
    if header:
        first = next(lines, None)
        if first is None or not first[1]:
            raise ValueError(f"{path} is empty; its first line should name the columns.")
        names = [name.strip() for name in _fields(path, *first, delimiter)]
    rows: list[list[str]] = []
    while len(rows) < row_limit and (numbered := next(lines, None)):
        if numbered[1]:
            rows.append(_fields(path, *numbered, delimiter))
    return Head(names, rows)


def _fields(path: str, number: int, line: bytes, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.decode()], delimiter=delimiter))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, line {number}, not UTF-8 text ({error}).") from error
    except csv.Error as error:
        raise ValueError(f"{path}, line {number}, {error}.") from error


def _numbered_lines(path: str) -> Iterator[tuple[int, bytes]]:
    with tf.io.gfile.GFile(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            yield number, _bare(line, number)


def _bare(line: bytes, number: int) -> bytes:
    """Returns a line without its end, and the first one without a byte order mark."""
    return (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).rstrip(b"\r\n")


def line_blocks(path: str, *, header: bool) -> Iterator[tuple[Sequence[int], list[bytes]]]:
    """Yields the data lines of a file in blocks: 1-based numbers, and lines; none blank."""
    number = 1
    for block in _blocks(path):
        lines = [line.rstrip(b"\r\n") for line in block]
        if number == 1:
            lines[0] = lines[0].removeprefix(codecs.BOM_UTF8)
        numbers: Sequence[int] = range(number, number + len(lines))
        if header and number == 1:
            numbers, lines = numbers[1:], lines[1:]
        number += len(block)
        if b"" in lines:
            numbers = [n for n, line in zip(numbers, lines, strict=True) if line]
            lines = [line for line in lines if line]
        if lines:
            yield numbers, lines


def _blocks(path: str) -> Iterator[list[bytes]]:
    """Yields the lines of a file without their line feeds, many at a time."""
    rest = b""
    with tf.io.gfile.GFile(path, "rb") as file:
        while read := file.read(_BYTES_PER_BLOCK):
            *lines, rest = (rest + read).split(b"\n")
            if lines:
                yield lines
    if rest:
        yield [rest]


def total_bytes(paths: Sequence[str]) -> int:
    """Returns the size of all files together, in bytes."""
    return sum(tf.io.gfile.stat(path).length for path in paths)
