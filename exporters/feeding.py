"""From features back to what would have to be fed, where that can be told."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.exporters.receiver import TracedReceiver


def receiver_inputs(receiver: TracedReceiver, features: Any) -> dict[str, Any] | None:
    """Returns receiver inputs that give these features.

    Two ways are tried: the features themselves, by name or single to single, and one
    `tf.train.Example` for each row, for a receiver with one string tensor. Either counts only if
    the receiver makes the very features of it again.

    Args:
        receiver: The traced receiver.
        features: One batch: dict of name to array `[batch, ...]`, or one array.

    Returns:
        Arrays by receiver name; None if neither way leads there, as with a receiver that decodes
        images.
    """
    for candidate in (_as_they_are(receiver, features), _as_examples(receiver, features)):
        if candidate is not None and _gives_back(receiver, candidate, features):
            return candidate
    return None


def _as_they_are(receiver: TracedReceiver, features: Any) -> dict[str, Any] | None:
    given = features
    if len(receiver.specs) == 1:
        (name,) = receiver.specs
        if not isinstance(given, Mapping):
            given = {name: given}
        elif len(given) == 1:
            given = {name: next(iter(given.values()))}
    if not isinstance(given, Mapping) or any(name not in given for name in receiver.specs):
        return None
    inputs = {name: _fitting(given[name], spec) for name, spec in receiver.specs.items()}
    return None if any(value is None for value in inputs.values()) else inputs


def _fitting(value: Any, spec: tf.TensorSpec) -> Any:
    """The array as the receiver tensor takes it; None if shape or kind of dtype do not fit."""
    array = np.asarray(value)
    if not spec.shape.is_compatible_with(array.shape):
        return None
    if spec.dtype == tf.string or array.dtype.kind in "OSU":
        return array if spec.dtype == tf.string and array.dtype.kind in "OSU" else None
    return array.astype(spec.dtype.as_numpy_dtype)


def _as_examples(receiver: TracedReceiver, features: Any) -> dict[str, Any] | None:
    if len(receiver.specs) != 1 or not isinstance(features, Mapping):
        return None
    ((name, spec),) = receiver.specs.items()
    arrays = {key: np.asarray(value) for key, value in features.items()}
    sizes = {array.shape[:1] for array in arrays.values()}
    if (
        spec.dtype != tf.string
        or spec.shape.rank not in (None, 1)
        or len(sizes) != 1
        or () in sizes
    ):
        return None
    rows = range(next(iter(sizes))[0])
    serialised = [_example({str(k): a[row] for k, a in arrays.items()}) for row in rows]
    return {name: np.array(serialised, dtype=object)}


def _example(row: Mapping[str, Any]) -> bytes:
    feature = {name: _feature(np.ravel(value)) for name, value in row.items()}
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    serialised: bytes = example.SerializeToString(deterministic=True)
    return serialised


def _feature(values: Any) -> Any:
    if values.dtype.kind in "OSU":
        encoded = [v.encode() if isinstance(v, str) else bytes(v) for v in values.tolist()]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=encoded))
    if values.dtype.kind in "biu":
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values.astype(np.int64)))
    return tf.train.Feature(float_list=tf.train.FloatList(value=values.astype(np.float32)))


def _gives_back(receiver: TracedReceiver, inputs: dict[str, Any], features: Any) -> bool:
    try:
        made = receiver.features(inputs)
    except (tf.errors.OpError, TypeError, ValueError):  # not what this receiver reads
        return False
    if not isinstance(made, Mapping):
        given = next(iter(features.values())) if _is_single(features) else features
        return not isinstance(given, Mapping) and _equal(made, given)
    if not isinstance(features, Mapping):
        return len(made) == 1 and _equal(next(iter(made.values())), features)
    return all(key in features and _equal(made[key], features[key]) for key in made)


def _is_single(features: Any) -> bool:
    return isinstance(features, Mapping) and len(features) == 1


def _equal(made: Any, given: Any) -> bool:
    if isinstance(made, tf.RaggedTensor):
        made = made.to_tensor()
    elif isinstance(made, tf.SparseTensor):
        made = tf.sparse.to_dense(made, default_value=b"" if made.dtype == tf.string else 0)
    found, wanted = made.numpy(), np.asarray(given)
    if found.shape != wanted.shape:
        return False
    if found.dtype.kind in "OSU" or wanted.dtype.kind in "OSU":
        texts = [
            [v if isinstance(v, bytes) else str(v).encode() for v in np.ravel(a).tolist()]
            for a in (found, wanted)
        ]
        return texts[0] == texts[1]
    return bool(
        np.array_equal(found, wanted.astype(found.dtype), equal_nan=found.dtype.kind == "f")
    )
