"""Evaluation results read back from TensorBoard event files."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf


def event_results(pattern: str) -> Iterator[tuple[int, dict[str, float]]]:
    """Yields `(step, {tag: value})` for each step that holds scalars in the matching event files.

    Reads a record at a time. Both kinds of scalar count: `simple_value` of a v1 summary and the
    one-element tensor of a v2 summary. What comes after a damaged record is not read: a process
    that was killed while it wrote leaves such a tail.

    Args:
        pattern: Which event files, with `*` and `?`.
    """
    for path in sorted(tf.io.gfile.glob(pattern)):
        yield from _results_of_file(path)


def _results_of_file(path: str) -> Iterator[tuple[int, dict[str, float]]]:
    step, result = 0, dict[str, float]()
    for event in _events(path):
        scalars = {value.tag: number for value, number in _scalars(event)}
        if not scalars:
            continue
        if result and event.step != step:  # v2 writes an event for each tag of one step
            yield step, result
            result = {}
        step = event.step
        result.update(scalars)
    if result:
        yield step, result


def _events(path: str) -> Iterator[Any]:
    records = iter(tf.data.TFRecordDataset(path))
    while True:
        try:
            record = next(records)
        except (StopIteration, tf.errors.DataLossError):
            return
        yield tf.compat.v1.Event.FromString(record.numpy())


def _scalars(event: Any) -> Iterator[tuple[Any, float]]:
    for value in event.summary.value:
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            yield value, float(value.simple_value)
        elif kind == "tensor" and tf.dtypes.as_dtype(value.tensor.dtype).is_floating:
            array = tf.make_ndarray(value.tensor)
            if array.ndim == 0:
                yield value, float(array)
