"""Evaluation results read back from TensorBoard event files."""

import os
from collections.abc import Iterator
from typing import Any

import tensorflow as tf


def event_results(pattern: str) -> Iterator[tuple[int, dict[str, float]]]:
    """Yields `(step, {tag: value})` for each step that holds scalars in the matching event files.

    Both kinds of scalar count: `simple_value` of a v1 summary and the one-element tensor of a v2
    summary. What comes after a damaged record is not read: a process that was killed while it wrote
    leaves such a tail. Where a training went on from an earlier step (`SessionLog.START`), what a
    folder held from that step on is void, as in TensorBoard.

    Args:
        pattern: Which event files, with `*` and `?`.
    """
    by_folder: dict[str, list[tuple[int, dict[str, float]]]] = {}
    for path in sorted(tf.io.gfile.glob(pattern)):
        results = by_folder.setdefault(os.path.dirname(path), [])
        for step, result in _results_of_file(path):
            if result is None:
                results[:] = [earlier for earlier in results if earlier[0] < step]
            else:
                results.append((step, result))
    for results in by_folder.values():
        yield from results


def _results_of_file(path: str) -> Iterator[tuple[int, dict[str, float] | None]]:
    """Yields `(step, scalars)`, and `(step, None)` where a training went on from a step."""
    step, result = 0, dict[str, float]()
    for event in _events(path):
        if event.session_log.status == tf.compat.v1.SessionLog.START:
            if result:
                yield step, result
                result = {}
            yield event.step, None
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
