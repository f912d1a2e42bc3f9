"""Tables to be read in parts: CSV, JSON lines, Parquet; told by the end of the file's name."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from kerasrun.runs.errors import UsageError

KINDS = (".csv", ".jsonl", ".parquet")


class Part(NamedTuple):
    """Some rows of a table, one after the other.

    Attributes:
        start: How many rows come before them.
        columns: By name, the values; of a CSV file they are texts.
    """

    start: int
    columns: Mapping[str, Sequence[Any]]

    @property
    def rows(self) -> int:
        """How many they are."""
        return len(next(iter(self.columns.values()), ()))


def kind_of(path: Path, option: str = "") -> str:
    """The end of the file's name, one of `KINDS`.

    Raises:
        UsageError: It is another one.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"{option}{path}: expected a file *.csv, *.jsonl or *.parquet")
    return kind


def parts_of(path: Path, rows: int) -> Iterator[Part]:
    """Reads a table, so many rows at a time.

    Args:
        path: The file.
        rows: How many at most make a part.

    Raises:
        UsageError: It cannot be read, is not what its name says, or lacks a row with names.
    """
    kind = kind_of(path)
    if not path.is_file():
        raise UsageError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    read = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}[kind]
    try:
        yield from read(path, rows)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not in UTF-8: {error}") from error


def _csv(path: Path, rows: int) -> Iterator[Part]:
    import pandas as pd

    form: dict[str, Any] = {"dtype": str, "keep_default_na": False, "index_col": False}
    wrong = (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row of too many fields
            with pd.read_csv(path, chunksize=rows, **form) as parts:
                start = 0
                for part in parts:
                    yield Part(start, {name: part[name].tolist() for name in part.columns})
                    start += len(part)
    except wrong as error:
        why = " ".join(str(error).split())
        raise UsageError(f"{path} is no CSV file with names in its first line: {why}") from error


def _json_lines(path: Path, rows: int) -> Iterator[Part]:
    with path.open(encoding="utf-8") as file:
        lines = ((number, line) for number, line in enumerate(file, 1) if line.strip())
        start = 0
        while some := list(islice(lines, rows)):
            records = [_record(path, number, line) for number, line in some]
            names = list(dict.fromkeys(name for record in records for name in record))
            for (number, _), record in zip(some, records, strict=True):
                missing = [name for name in names if name not in record]
                if missing:
                    raise UsageError(f"{path} line {number}: no {missing[0]!r}, as others have")
            yield Part(start, {name: [record[name] for record in records] for name in names})
            start += len(records)


def _record(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{path} line {number} is no JSON: {error}") from error
    if not isinstance(record, dict):
        raise UsageError(f'{path} line {number}: expected an object such as {{"x": 1.5}}')
    return record


def _parquet(path: Path, rows: int) -> Iterator[Part]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(f"{path}: Parquet needs pyarrow: pip install pyarrow") from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            start = 0
            for batch in file.iter_batches(rows):
                yield Part(start, batch.to_pydict())
                start += batch.num_rows
    except pyarrow.ArrowException as error:
        raise UsageError(f"{path} is no Parquet file: {error}") from error
