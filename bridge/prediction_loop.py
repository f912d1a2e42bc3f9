"""Predictions of many batches in one call, where nobody waits for each."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

_SECS_PER_CALL = 0.02
_MOST = 1024
Outputs = Mapping[str, Any]


class NotInBatches(Exception):
    """An output is no batch of values."""


class PredictionLoop:
    """Runs `step` on the batches of a dataset, some at a time.

    How many there are must be known: a generator may make its next batch of the prediction for
    the one before.

    Args:
        step: A `tf.function` that takes features and returns outputs by name.
        any_shape: Whether one graph serves batches of every shape.

    Raises:
        NotInBatches: An output has no first dimension: the batches could not be told apart.
    """

    def __init__(self, step: Any, *, any_shape: bool) -> None:
        self._step = step
        self._names: list[str] = []
        self._call: Any = tf.function(self._steps, autograph=False, reduce_retracing=any_shape)
        self._count = 1

    def outputs(self, iterator: Any, most: int) -> Iterator[Outputs]:
        """Yields the outputs of up to `most` batches: as many as a short call computes."""
        begun = time.perf_counter()
        count = min(most, self._count)
        parts, sizes = self._call(iterator, tf.constant(count))
        values = [part.numpy() for part in parts]
        ends = np.cumsum(sizes.numpy(), axis=1)
        quick = time.perf_counter() - begun < _SECS_PER_CALL / 2
        self._count = min(2 * count, _MOST) if quick else max(count // 2, 1)
        for place in range(count):
            begin = ends[:, place - 1] if place else np.zeros(len(values), int)
            yield {
                name: value[first:last]
                for name, value, first, last in zip(
                    self._names, values, begin, ends[:, place], strict=True
                )
            }

    def _steps(self, iterator: Any, count: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        """The outputs one after the other, and the sizes of each in each batch."""
        example = self._step.get_concrete_function(iterator.element_spec.features)
        specs = example.structured_outputs
        if not all(spec.shape[1:].is_fully_defined() for spec in specs.values() if spec.shape.rank):
            raise NotInBatches  # what is padded is as long as the longest of its batch
        if not all(spec.shape.rank for spec in specs.values()):
            raise NotInBatches
        self._names = list(specs)
        arrays = [
            tf.TensorArray(spec.dtype, count, infer_shape=False, element_shape=spec.shape)
            for spec in specs.values()
        ]
        sizes = tf.TensorArray(tf.int32, count, element_shape=[len(arrays)])

        def one(place: tf.Tensor, arrays: Any, sizes: Any) -> Any:
            found = example(iterator.get_next().features)
            outputs = [found[name] for name in self._names]
            arrays = [a.write(place, o) for a, o in zip(arrays, outputs, strict=True)]
            size = tf.stack([tf.shape(output)[0] for output in outputs])
            return place + 1, arrays, sizes.write(place, size)

        _, arrays, sizes = tf.while_loop(
            lambda place, *_: place < count, one, (0, arrays, sizes), parallel_iterations=1
        )
        return [array.concat() for array in arrays], tf.transpose(sizes.stack())


def not_ahead(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The dataset, such that tf.data itself reads no batch ahead if nobody knows how many come."""
    if dataset.cardinality() != tf.data.UNKNOWN_CARDINALITY:
        return dataset
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
