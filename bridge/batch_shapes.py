"""The shapes of batches, where their spec leaves dimensions open."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def tensors_of(batch: Any) -> list[Any]:
    """The tensors of a batch, or their specs, without what is not there (such as labels)."""
    leaves = tf.nest.flatten(batch)
    return [one for one in leaves if one is not None and not isinstance(one, tf.NoneTensorSpec)]


def batch_of(spec: Any, tensors: Sequence[tf.Tensor]) -> Any:
    """A batch of this structure, of the tensors that `tensors_of` gave."""
    left = iter(tensors)
    leaves = [
        None if isinstance(one, tf.NoneTensorSpec) else next(left) for one in tf.nest.flatten(spec)
    ]
    return tf.nest.pack_sequence_as(spec, leaves)


def is_dense(spec: Any) -> bool:
    """Whether all is dense tensors of numbers, of known rank: what XLA takes."""
    return all(
        isinstance(one, tf.TensorSpec)
        and one.shape.rank is not None
        and (one.dtype.is_bool or one.dtype.is_floating or one.dtype.is_integer)
        for one in tensors_of(spec)
    )


def dims_of(batch: Any, spec: Any) -> tf.Tensor:
    """The dimensions of those tensors whose spec leaves some open, one after the other, int32."""
    if not is_dense(spec):
        return tf.zeros([0], tf.int32)
    both = zip(tensors_of(batch), tensors_of(spec), strict=True)
    found = [tf.shape(tensor) for tensor, one in both if not one.shape.is_fully_defined()]
    return tf.concat(found, 0) if found else tf.zeros([0], tf.int32)


def count_dims(spec: Any) -> int:
    """How many numbers `dims_of` gives."""
    if not is_dense(spec):
        return 0
    return sum(o.shape.rank for o in tensors_of(spec) if not o.shape.is_fully_defined())


def shapes_of(spec: Any, dims: Sequence[int]) -> list[tf.TensorShape]:
    """The shapes of a batch's tensors, by their spec and by what `dims_of` gave."""
    left, shapes = [int(size) for size in dims], []
    for one in tensors_of(spec):
        if one.shape.is_fully_defined():
            shapes.append(one.shape)
        else:
            shapes.append(tf.TensorShape(left[: one.shape.rank]))
            left = left[one.shape.rank :]
    return shapes
