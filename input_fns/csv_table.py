"""What CSV files hold: found from headers and first rows, checked against what is asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

from kerasrun.input_fns.csv_columns import Column, inferred_column, number_pattern
from kerasrun.input_fns.csv_files import Head, head_of
from kerasrun.input_fns.csv_selection import Selection
from kerasrun.input_fns.suggestions import did_you_mean

ROWS_FOR_INFERENCE = 1000


@dataclass(frozen=True)
class Dialect:
    """How the files are written.

    Attributes:
        delimiter: the character between fields.
        header: whether the first line of each file names the columns.
        na_value: a further string, beside the empty one, that means "missing".
    """

    delimiter: str
    header: bool
    na_value: str

    def __post_init__(self) -> None:
        """Refuses a delimiter that could not be told from values."""
        if not isinstance(self.delimiter, str) or len(self.delimiter.encode()) != 1:
            raise ValueError(f"delimiter must be one ASCII character, got {self.delimiter!r}.")
        if self.delimiter.isalnum() or self.delimiter in '"+-.\r\n':
            raise ValueError(
                f"delimiter {self.delimiter!r} is part of values or lines; take another."
            )


@dataclass(frozen=True)
class CsvTable:
    """A set of files, all columns in their order, and those that are read.

    Attributes:
        files: the paths.
        dialect: how they are written.
        names: all columns' names, in the order of the fields.
        columns: the columns that are read, in the order of the fields.
    """

    files: tuple[str, ...]
    dialect: Dialect
    names: tuple[str, ...]
    columns: tuple[Column, ...]


def read_table(
    files: Sequence[str], dialect: Dialect, given: Mapping[str, Column], selection: Selection
) -> CsvTable:
    """Reads the heads of `files` and returns what they hold.

    Raises:
        ValueError: a file is empty, has another header than the first, or there are no rows; names
            are doubled; a column of `given` or `selection` is unknown; text is to be stacked.
    """
    names, rows = _names_and_rows(files, dialect, given)
    read = selection.columns(names)
    _require_known(read, names, files[0], selection)
    for name in given:
        _require_known_name(name, names, files[0], "columns")
    columns = []
    for name in read:
        place = names.index(name)
        values = [row[place] for row in rows if place < len(row)]
        column = _column(name, given, values, dialect)
        columns.append(_as_selected(column, values, selection, dialect))
    return CsvTable(tuple(files), dialect, names, tuple(columns))


def _names_and_rows(
    files: Sequence[str], dialect: Dialect, given: Mapping[str, Column]
) -> tuple[tuple[str, ...], list[list[str]]]:
    rows: list[list[str]] = []
    names: tuple[str, ...] | None = None if dialect.header else tuple(given)
    for path in files:
        head = _head(path, dialect, ROWS_FOR_INFERENCE - len(rows))
        rows += head.rows
        if dialect.header:
            names = _agreed_names(names, head, path, files[0])
    if not rows:
        found = "a header but no rows" if dialect.header else "no rows"
        raise ValueError(f"{', '.join(files)}: {found}; there is nothing to feed.")
    return names or (), rows


def _head(path: str, dialect: Dialect, row_limit: int) -> Head:
    return head_of(
        path, header=dialect.header, delimiter=dialect.delimiter, row_limit=max(row_limit, 0)
    )


def _agreed_names(
    names: tuple[str, ...] | None, head: Head, path: str, first_path: str
) -> tuple[str, ...]:
    found = tuple(head.header or ())
    if names is not None and found != names:
        raise ValueError(
            f"{path} has another header than {first_path}: {', '.join(found)} instead of "
            f"{', '.join(names)}."
        )
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise ValueError(f"{path}: the header names more than one column {twice[0]!r}.")
    return found


def _require_known(
    wanted: Sequence[str], names: Sequence[str], path: str, selection: Selection
) -> None:
    if selection.label is not None:
        _require_known_name(selection.label, names, path, "label")
    for name in wanted:
        _require_known_name(name, names, path, "features")
    if "" in wanted:
        raise ValueError(
            f"{path}: column {names.index('') + 1} has no name in the header. Name it, or name the "
            "columns to read in features. (An index that pandas wrote? to_csv(index=False).)"
        )


def _require_known_name(name: str, names: Sequence[str], path: str, argument: str) -> None:
    if name not in names:
        raise ValueError(f"{argument}: {path} has no column {name!r}. {did_you_mean(name, names)}")


def _column(name: str, given: Mapping[str, Column], values: list[str], dialect: Dialect) -> Column:
    return given.get(name) or inferred_column(name, values, dialect.delimiter, dialect.na_value)


def _as_selected(
    column: Column, values: list[str], selection: Selection, dialect: Dialect
) -> Column:
    """Returns the column with the type that its use as label or stacked feature asks for."""
    if column.name in selection.stacked:
        column = _as_stacked(column, values, dialect)
    return _as_label(column, selection)


def _as_stacked(column: Column, values: list[str], dialect: Dialect) -> Column:
    """Stacked columns are numbers; text among them is a bad row, which reading will locate."""
    if not column.inferred and column.dtype != tf.string:
        return column
    number = re.compile(number_pattern(tf.float32, dialect.delimiter))
    if not column.inferred or not any(number.fullmatch(value) for value in values):
        raise ValueError(
            f"features: column {column.name!r} holds text and cannot be stacked with others into "
            "one float32 tensor. Make it a feature of its own."
        )
    return replace(column, dtype=tf.float32, inferred=False)


def _as_label(column: Column, selection: Selection) -> Column:
    if selection.label_vocabulary is None or column.name != selection.label:
        return column
    return Column(column.name, tf.string, vocabulary=selection.label_vocabulary)
