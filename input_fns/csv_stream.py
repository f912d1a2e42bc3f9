"""CSV files too large for memory: read, checked and decoded batch by batch, again in each epoch."""

from typing import Any

import tensorflow as tf

from kerasrun.input_fns.batching import Batching
from kerasrun.input_fns.csv_lines import LineDecoder
from kerasrun.input_fns.csv_selection import Selection
from kerasrun.input_fns.csv_table import CsvTable

_LINES_PER_BLOCK = 1024
_FILES_AT_ONCE = 8


def stream_examples(
    table: CsvTable, selection: Selection, batching: Batching, shuffle_buffer_size: int
) -> tf.data.Dataset:
    """Returns a dataset of batches of examples, `features` or `(features, labels)`.

    With shuffling, files come in random order, some at a time, and `shuffle_buffer_size` lines are
    mixed. A row that cannot be read raises `tf.errors.InvalidArgumentError` when its batch comes;
    the message names file, line, column and value.
    """
    decoder = LineDecoder(table)

    def examples(lines: tf.Tensor) -> Any:
        good = decoder.matches(lines)
        check = tf.cond(tf.reduce_all(good), tf.no_op, lambda: _fail(table, decoder, lines, good))
        with tf.control_dependencies([check]):
            return selection.examples(decoder.decode(tf.identity(lines)))

    lines = _lines(table, batching, shuffle_buffer_size).repeat(batching.num_epochs)
    batches = lines.batch(batching.batch_size)
    return batches.map(examples, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(
        tf.data.AUTOTUNE
    )


def _lines(table: CsvTable, batching: Batching, shuffle_buffer_size: int) -> tf.data.Dataset:
    files = tf.data.Dataset.from_tensor_slices(list(table.files))

    def lines_of(path: tf.Tensor) -> tf.data.Dataset:
        lines = tf.data.TextLineDataset(path).skip(int(table.dialect.header))
        # Blank lines go by the block: a filter's call for every line takes ten times as long.
        return lines.batch(_LINES_PER_BLOCK).map(_without_blanks).unbatch()

    if not batching.shuffle:
        return files.flat_map(lines_of)
    files = files.shuffle(len(table.files), seed=batching.seed)
    mixed = files.interleave(lines_of, cycle_length=min(_FILES_AT_ONCE, len(table.files)))
    return mixed.shuffle(shuffle_buffer_size, seed=batching.seed)


def _without_blanks(lines: tf.Tensor) -> tf.Tensor:
    lines = _without_mark(lines)
    return tf.boolean_mask(lines, tf.strings.length(lines) > 0)


def _without_mark(lines: tf.Tensor) -> tf.Tensor:
    """Returns lines without a byte order mark, which the first of a file may have."""
    return tf.strings.regex_replace(lines, r"^\x{FEFF}", "")


def _fail(table: CsvTable, decoder: LineDecoder, lines: tf.Tensor, good: tf.Tensor) -> tf.Operation:
    line = tf.boolean_mask(lines, ~good)[0]
    message = tf.strings.join([_place(table, line), ", ", decoder.fault(line)])
    return tf.debugging.Assert(False, [message])


def _place(table: CsvTable, line: tf.Tensor) -> tf.Tensor:
    """Returns file and line number of the first line that reads like `line`, by a second pass."""

    def places_in(path: tf.Tensor) -> tf.data.Dataset:
        numbered = tf.data.TextLineDataset(path).enumerate(start=1).skip(int(table.dialect.header))
        same = numbered.filter(lambda _, other: tf.equal(_without_mark(other), line))
        return same.map(
            lambda number, _: tf.strings.join([path, ", line ", tf.strings.as_string(number)])
        )

    places = tf.data.Dataset.from_tensor_slices(list(table.files)).flat_map(places_in)
    return places.take(1).reduce(tf.constant("(a file that has changed)"), lambda _, place: place)
