"""Predictions as a table: CSV, JSON lines or Parquet, written batch by batch."""

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from kerasrun.runs.errors import UsageError


class TableWriter(Protocol):
    """Takes batch after batch; a context, at whose end the table is whole."""

    def write(self, outputs: Mapping[str, Any]) -> None:
        """Appends a row for each example.

        Args:
            outputs: By name, an array `[batch, ...]`.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class _Text:
    """What the writers of texts have in common."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.flush()


class CsvWriter(_Text):
    """`name` for one value a row, `name_0`, `name_1`, ... for several.

    >>> import io, numpy as np
    >>> file = io.StringIO()
    >>> CsvWriter(file).write({"p": np.array([[0.25, 0.75]], "float32"), "id": np.array([3])})
    >>> print(file.getvalue(), end="")
    p_0,p_1,id
    0.25,0.75,3
    """

    _has_names = False

    def write(self, outputs: Mapping[str, Any]) -> None:
        """Appends rows, after the names if they are the first."""
        writer = csv.writer(self._file, lineterminator="\n")
        flat = {name: array.reshape(len(array), -1) for name, array in outputs.items()}
        if not self._has_names:
            writer.writerow(
                column for name, array in flat.items() for column in _columns(name, array.shape[1])
            )
            self._has_names = True
        texts = [_texts(array) for array in flat.values()]
        writer.writerows(
            [value for row in rows for value in row] for rows in zip(*texts, strict=True)
        )


class JsonLinesWriter(_Text):
    """An object a row; what is not a finite number is null."""

    def write(self, outputs: Mapping[str, Any]) -> None:
        """Appends lines."""
        columns = [_plain(array) for array in outputs.values()]
        for row in zip(*columns, strict=True):
            record = dict(zip(outputs, row, strict=True))
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")


class ParquetWriter:
    """Lists for outputs of several values a row; needs pyarrow.

    Raises:
        UsageError: It is not installed.
    """

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise UsageError(f"{path}: Parquet needs pyarrow: pip install pyarrow") from error
        self._path, self._arrow = path, pyarrow
        self._writer: Any = None

    def write(self, outputs: Mapping[str, Any]) -> None:
        """Appends a group of rows."""
        table = self._arrow.table({name: _nested(array) for name, array in outputs.items()})
        if self._writer is None:
            self._writer = self._arrow.parquet.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()


def _columns(name: str, size: int) -> list[str]:
    return [name] if size == 1 else [f"{name}_{index}" for index in range(size)]


def _texts(array: Any) -> list[list[str]]:
    """The shortest text that gives the same number again."""
    if array.dtype.kind in "OS":
        found: list[list[str]] = [[_text(value) for value in row] for row in array.tolist()]
        return found
    return array.astype(str).tolist()  # type: ignore[no-any-return]


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _plain(array: Any) -> list[Any]:
    """Nested lists of what JSON has."""
    if array.dtype.kind == "f":
        short = array.astype(str).astype("float64") if array.dtype.itemsize < 8 else array
        return _map(short.tolist(), lambda value: value if math.isfinite(value) else None)
    if array.dtype.kind in "OS":
        return _map(array.tolist(), _text)
    return array.tolist()  # type: ignore[no-any-return]


def _nested(array: Any) -> Any:
    """What pyarrow makes a column of, with the numbers' own type where it can."""
    if array.dtype.kind in "OS":
        return _map(array.tolist(), _text)
    return array if array.ndim == 1 else list(array) if array.ndim == 2 else array.tolist()


def _map(values: list[Any], function: Any) -> list[Any]:
    return [
        _map(value, function) if isinstance(value, list) else function(value) for value in values
    ]
