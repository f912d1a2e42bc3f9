"""Requests that travel with an export: a server runs them before it serves the model.

TensorFlow Serving looks for them in `assets.extra/tf_serving_warmup_requests`: TFRecords of
`tensorflow.serving.PredictionLog`, one request each. The first answers of a model are the slowest,
and so no client waits for these.
"""

import logging
import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

_LOGGER = logging.getLogger("tensorflow")
_FILE = "tf_serving_warmup_requests"
_TWICE = (
    f"assets_extra has {_FILE}, and warmup_examples would write that file, too. Leave out one of "
    "them."
)
_MOST = 1000  # TensorFlow Serving refuses to load a model with more


def checked_warmup_examples(
    who: str, warmup_examples: int, assets_extra: Mapping[str, str] | None = None
) -> int:
    """Returns `warmup_examples`.

    Args:
        who: What the message begins with.
        warmup_examples: How many evaluation examples become requests.
        assets_extra: What the caller puts into `assets.extra/`.

    Raises:
        ValueError: It is no number from 0 to 1000, or there is such a file among the assets.
    """
    whole = isinstance(warmup_examples, (int, np.integer)) and not isinstance(warmup_examples, bool)
    if not whole or not 0 <= warmup_examples <= _MOST:
        raise ValueError(
            f"{who}: warmup_examples must be a number from 0 (none) to {_MOST}, the most that "
            f"TensorFlow Serving replays; received {warmup_examples!r}."
        )
    if warmup_examples and _FILE in map(posixpath.normpath, assets_extra or {}):
        raise ValueError(f"{who}: {_TWICE}")
    return int(warmup_examples)


def warmup_requests(
    inputs: Mapping[str, Any] | None,
    specs: Mapping[str, tf.TensorSpec],
    examples: int,
    signature: str = "serving_default",
) -> list[bytes]:
    """Returns serialised `PredictionLog`s, each a request to predict one example.

    Where the signature takes no single examples, as with a fixed batch size, the whole batch is one
    request. Without inputs there are no requests, and a line of the log (WARNING) says so.

    Args:
        inputs: A batch for the signature, by input name; None: there is none.
        specs: Shape and dtype of each input.
        examples: So many at most.
        signature: The key of the signature that is asked.

    Raises:
        ValueError: `examples` is no number from 0 to 1000.
    """
    examples = checked_warmup_examples("warmup_requests", examples)
    if not examples:
        return []
    arrays = {name: np.asarray(value) for name, value in (inputs or {}).items()}
    if not any(array.size for array in arrays.values()):
        _LOGGER.warning(
            "No warm-up requests are written: there are no evaluation examples that the "
            "serving_input_receiver_fn could be fed with. The model is exported without them."
        )
        return []
    sizes = {array.shape[:1] for array in arrays.values()}
    if len(sizes) != 1 or () in sizes or not all(_takes_any_batch(specs[n]) for n in arrays):
        return [_prediction_log(arrays, specs, signature)]
    rows = range(min(examples, next(iter(sizes))[0]))
    return [
        _prediction_log({n: array[row : row + 1] for n, array in arrays.items()}, specs, signature)
        for row in rows
    ]


def write_warmup_requests(requests: Iterable[bytes], folder: str) -> None:
    """Writes the requests, if there are any, into a SavedModel.

    Raises:
        ValueError: It has such a file.
    """
    listed = list(requests)
    if not listed:
        return
    path = os.path.join(folder, "assets.extra", _FILE)
    if tf.io.gfile.exists(path):
        raise ValueError(_TWICE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.TFRecordWriter(path) as writer:
        for each in listed:
            writer.write(each)


def _takes_any_batch(spec: tf.TensorSpec) -> bool:
    return bool(spec.shape.rank) and spec.shape[0] is None


def _prediction_log(
    arrays: Mapping[str, Any], specs: Mapping[str, tf.TensorSpec], signature: str
) -> bytes:
    """A `PredictionLog{predict_log{request{model_spec{signature_name} inputs}}}`, serialised.

    The five messages are a few fields of bytes: so nobody needs TensorFlow Serving's package in
    order to export.
    """
    request = [_field(1, [_field(3, [signature.encode()])])]
    for name, array in arrays.items():
        tensor = tf.make_tensor_proto(array, specs[name].dtype).SerializeToString()
        request.append(_field(2, [_field(1, [name.encode()]), _field(2, [tensor])]))
    return _field(6, [_field(1, request)])


def _field(number: int, content: Sequence[bytes]) -> bytes:
    """A field of bytes, or of a message's fields, as Protocol Buffers write it."""
    joined = b"".join(content)
    return _varint(number << 3 | 2) + _varint(len(joined)) + joined


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last byte have the eighth bit set."""
    groups = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])
