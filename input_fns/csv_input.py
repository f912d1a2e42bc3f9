"""Examples from CSV files."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from kerasrun.input_fns.batching import Batching, require_whole_number
from kerasrun.input_fns.csv_columns import given_columns
from kerasrun.input_fns.csv_files import matching_files, total_bytes
from kerasrun.input_fns.csv_memory import load_examples
from kerasrun.input_fns.csv_selection import selection_of
from kerasrun.input_fns.csv_stream import stream_examples
from kerasrun.input_fns.csv_table import Dialect, read_table
from kerasrun.input_fns.row_batches import batches_of_rows


def csv_input_fn(
    file_pattern: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    label: str | None = None,
    features: Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    columns: Mapping[str, Any] | None = None,
    label_vocabulary: Sequence[str] | None = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    seed: int | None = None,
    shuffle_buffer_size: int = 10_000,
    delimiter: str = ",",
    header: bool = True,
    na_value: str = "",
    max_bytes_in_memory: int = 256 * 2**20,
) -> Callable[[], tf.data.Dataset]:
    """Returns an input_fn that feeds the rows of CSV files.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "iris.csv"
        >>> _ = path.write_text("length,width,species\\n5.1,3.5,setosa\\n6.3,2.7,virginica\\n")
        >>> input_fn = csv_input_fn(
        ...     path,
        ...     features={"iris_input": ["length", "width"]},
        ...     label="species",
        ...     label_vocabulary=["setosa", "versicolor", "virginica"],
        ...     shuffle=False,
        ... )
        >>> [labels.numpy().tolist() for features, labels in input_fn()]
        [[0, 2]]

    Files of up to `max_bytes_in_memory` together are read whole when the input_fn is called: any
    bad row is found then, and rows are shuffled over the whole data. Larger ones are read as they
    are needed. Epochs follow each other before rows are batched, and every row comes once in each.

    Files are UTF-8, with or without a byte order mark, their lines ended by LF or CRLF; a field may
    be quoted, but not run over a line's end; blank lines are skipped.

    Args:
        file_pattern: a path, a glob, or a list of these.
        label: the label's column; None for features alone.
        features: a list of columns, each a feature of its own; or a dict of feature key to a column
            or to a list of columns that are stacked into one float32 tensor; None for every column
            but the label.
        columns: types by column name, where they are not to be inferred from the first 1,000 rows
            (int64, float32 or string): `tf.float32`, `"float32"`, `float`, `int`, `str`; or a
            default for missing values, which tells the type too: `0.0`, `0`, `["unknown"]`. Without
            a header it names all columns, in order.
        label_vocabulary: label strings in the order of their numbers: labels become int64.
        batch_size: rows in a batch.
        num_epochs: how often every row comes; None means for ever.
        shuffle: must be said: True or False.
        seed: makes the shuffled order the same in every run.
        shuffle_buffer_size: how many rows at a time are mixed where files are not in memory.
        delimiter: the character between fields.
        header: whether the first line of each file names the columns.
        na_value: a string that means "missing", as the empty one always does.
        max_bytes_in_memory: up to which size, in bytes, files are held in memory.

    Returns:
        A function without arguments that returns a `tf.data.Dataset` of `{key: tensor}`, or of
        `({key: tensor}, labels)`. A feature of one column has shape `[batch]` and the column's
        dtype; a stacked one `[batch, n]`, float32; labels `[batch]`.
        Calling it raises FileNotFoundError for a missing file, ValueError for an empty one, an
        unknown or doubled column, or a bad row, with file, line, column and value in the message.
        Where files are not in memory, a bad row raises `tf.errors.InvalidArgumentError` with the
        same message when it is reached.

    Raises:
        TypeError: an argument is of another type.
        ValueError: `shuffle` was not said; without a header, `columns` was not given; or an
            argument is out of range.
    """
    batching = Batching(batch_size, num_epochs, shuffle, seed)  # type: ignore[arg-type]
    dialect = Dialect(delimiter, header, na_value)
    selection = selection_of(features, label, label_vocabulary)
    given = given_columns(columns)
    if not header and not given:
        raise ValueError("header=False: give columns={name: type, ...} for all columns, in order.")
    require_whole_number("shuffle_buffer_size", shuffle_buffer_size, at_least=1)
    require_whole_number("max_bytes_in_memory", max_bytes_in_memory, at_least=0)

    def input_fn() -> tf.data.Dataset:
        files = matching_files(file_pattern)
        table = read_table(files, dialect, given, selection)
        if total_bytes(files) > max_bytes_in_memory:
            return stream_examples(table, selection, batching, shuffle_buffer_size)
        return batches_of_rows(*load_examples(table, selection), batching)

    return input_fn
