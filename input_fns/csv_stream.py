"""CSV files too large for memory: read, checked and decoded batch by batch, again in each epoch."""

from typing import Any

import tensorflow as tf

from kerasrun.input_fns.batching import Batching
from kerasrun.input_fns.csv_lines import LineDecoder
from kerasrun.input_fns.csv_selection import Selection
from kerasrun.input_fns.csv_table import CsvTable
from kerasrun.input_fns.epochs import shuffle_seeds

_LINES_PER_BLOCK = 1024
_FILES_AT_ONCE = 8
_PLACES_PER_FILE = 10**12  # a place is one number: which file, and which line of it
_PLACE_DIGITS = 18  # its width; it stands before the line, cheaper than in a tensor of its own


def stream_examples(
    table: CsvTable, selection: Selection, batching: Batching, shuffle_buffer_size: int
) -> tf.data.Dataset:
    """Returns a dataset of batches of examples, `features` or `(features, labels)`.

    Lines go in blocks from the file to the batch: nothing is done line by line. With shuffling,
    files come in random order, some at a time, and each `shuffle_buffer_size` lines that follow
    each other are mixed.

    A row that cannot be read raises `tf.errors.InvalidArgumentError` when its batch comes;
    the message names file, line, column and value.
    """
    decoder = LineDecoder(table)

    @tf.autograph.experimental.do_not_convert
    def examples(placed: tf.Tensor) -> Any:
        lines = tf.strings.substr(placed, _PLACE_DIGITS, 2**31 - 1)
        good = decoder.matches(lines)

        def fail() -> tf.Operation:
            bad = tf.argmin(tf.cast(good, tf.int32))
            message = [_place_name(table, placed[bad]), decoder.fault(lines[bad])]
            return tf.debugging.Assert(False, [tf.strings.join(message)])

        checked = tf.cond(tf.reduce_all(good), tf.no_op, fail)
        with tf.control_dependencies([checked]):
            return selection.examples(decoder.decode(tf.identity(lines)))

    batches = _epochs(table, batching, shuffle_buffer_size).rebatch(batching.batch_size)
    decoded = batches.map(examples, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return decoded.prefetch(tf.data.AUTOTUNE)


def _epochs(table: CsvTable, batching: Batching, shuffle_buffer_size: int) -> tf.data.Dataset:
    """Returns a dataset of blocks of placed lines: all but headers and blank ones, every epoch."""
    files = tf.range(len(table.files), dtype=tf.int64)

    @tf.autograph.experimental.do_not_convert
    def blocks_of(file: tf.Tensor) -> tf.data.Dataset:
        path = tf.gather(list(table.files), file)
        return _placed_blocks(path, file * _PLACES_PER_FILE, header=table.dialect.header)

    # Not Dataset.shuffle: made within flat_map, it would forbid to save the iterator.
    @tf.autograph.experimental.do_not_convert
    def shuffled(seed: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(files, tf.stack([seed, -1]))
        blocks = tf.data.Dataset.from_tensor_slices(order).interleave(
            blocks_of, cycle_length=min(_FILES_AT_ONCE, len(table.files))
        )

        @tf.autograph.experimental.do_not_convert
        def mixed(number: tf.Tensor, lines: tf.Tensor) -> tf.Tensor:
            return tf.random.experimental.stateless_shuffle(lines, tf.stack([seed, number]))

        return blocks.rebatch(shuffle_buffer_size).enumerate().map(mixed)

    if batching.shuffle:
        return shuffle_seeds(batching, batching.num_epochs).flat_map(shuffled)
    in_order = tf.data.Dataset.from_tensor_slices(files).flat_map(blocks_of)
    return in_order.repeat(batching.num_epochs)


def _placed_blocks(path: tf.Tensor, start_of_file: tf.Tensor, *, header: bool) -> tf.data.Dataset:
    """Returns a dataset of the data lines of a file that are not blank, each after its place."""
    header_lines = 1 if header else 0

    @tf.autograph.experimental.do_not_convert
    def placed(block: tf.Tensor, lines: tf.Tensor) -> tf.Tensor:
        if not header:  # the first data line may begin with a byte order mark
            lines = tf.strings.regex_replace(lines, r"^\x{FEFF}", "")
        first_place = start_of_file + block * _LINES_PER_BLOCK + header_lines + 1
        places = tf.as_string(
            first_place + tf.range(tf.size(lines, tf.int64)), width=_PLACE_DIGITS, fill="0"
        )
        return tf.boolean_mask(tf.strings.join([places, lines]), tf.strings.length(lines) > 0)

    lines = tf.data.TextLineDataset(path).skip(header_lines)
    return lines.batch(_LINES_PER_BLOCK).enumerate().map(placed)


def _place_name(table: CsvTable, placed: tf.Tensor) -> tf.Tensor:
    """Returns `FILE, line NUMBER, ` of a placed line."""
    place = tf.strings.to_number(tf.strings.substr(placed, 0, _PLACE_DIGITS), tf.int64)
    path = tf.gather(list(table.files), place // _PLACES_PER_FILE)
    return tf.strings.join([path, ", line ", tf.as_string(place % _PLACES_PER_FILE), ", "])
