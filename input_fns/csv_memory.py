"""CSV files that fit into memory: read whole and checked to the last row, once."""

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.input_fns.csv_files import line_blocks
from kerasrun.input_fns.csv_lines import LineDecoder
from kerasrun.input_fns.csv_selection import Selection
from kerasrun.input_fns.csv_table import CsvTable


def load_examples(table: CsvTable, selection: Selection) -> tuple[Any, int]:
    """Returns the selected examples of all files as arrays, and how many there are.

    Returns:
        `(examples, count)`: examples are `features` or `(features, labels)`, arrays of shape
        `[count, ...]`.

    Raises:
        ValueError: a row cannot be read; the message names file, line, column and value.
    """
    threads = os.cpu_count() or 1
    blocks: list[Any] = []
    with _Reader(table, selection) as reader, ThreadPoolExecutor(threads) as pool:
        for path in table.files:
            lines = line_blocks(path, header=table.dialect.header)
            while some := list(itertools.islice(lines, threads)):
                blocks += pool.map(lambda block, path=path: reader.examples(path, *block), some)
    examples = tf.nest.map_structure(lambda *parts: np.concatenate(parts), *blocks)
    return examples, len(tf.nest.flatten(examples)[0])


class _Reader:
    """The decoder in a graph of its own: input_fns are also called where no tensor has a value."""

    def __init__(self, table: CsvTable, selection: Selection) -> None:
        decoder = LineDecoder(table)
        with tf.Graph().as_default() as graph:
            self._lines = tf.compat.v1.placeholder(tf.string, [None])
            self._good = decoder.matches(self._lines)
            self._examples = selection.examples(decoder.decode(self._lines))
            self._line = tf.compat.v1.placeholder(tf.string, [])
            self._fault = decoder.fault(self._line)
        no_gpu = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
        self._session = tf.compat.v1.Session(graph=graph, config=no_gpu)

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def examples(self, path: str, numbers: Sequence[int], lines: list[bytes]) -> Any:
        """Returns the examples of some lines as arrays."""
        feed = {self._lines: np.array(lines, dtype=object)}
        good = self._session.run(self._good, feed)
        if not good.all():
            bad = int(good.argmin())
            fault = self._session.run(self._fault, {self._line: lines[bad]}).decode()
            raise ValueError(f"{path}, line {numbers[bad]}, {fault}")
        return self._session.run(self._examples, feed)
