"""`TensorProto` messages from arrays, and arrays from what clients send.

Values are written into typed fields, as TensorFlow Serving has it. `tf.make_tensor_proto` packs
them into bytes; clients that read `float_val` would find nothing.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError

__all__ = ["fill_tensor", "read_tensor"]

_FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int8: "int_val",
    tf.int16: "int_val",
    tf.int32: "int_val",
    tf.uint8: "int_val",
    tf.uint16: "int_val",
    tf.int64: "int64_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
    tf.bool: "bool_val",
}
_HALVES = (tf.float16, tf.bfloat16)


def fill_tensor(proto: Any, array: NDArray[Any]) -> None:
    """Writes an array into an empty `TensorProto`.

    Args:
        proto: Where to.
        array: Of any shape; numbers, truth values or texts (bytes as objects).
    """
    dtype = tf.as_dtype(array.dtype) if array.dtype != object else tf.string
    if dtype in _FIELDS:
        getattr(proto, _FIELDS[dtype]).extend(array.ravel().tolist())
    elif dtype in _HALVES:  # their bits, as numbers
        proto.half_val.extend(np.ascontiguousarray(array).view(np.uint16).ravel().tolist())
    else:
        proto.CopyFrom(tf.make_tensor_proto(array))
        return
    proto.dtype = dtype.as_datatype_enum
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)


def read_tensor(name: str, proto: Any, max_bytes: int) -> NDArray[Any]:
    """Returns the array that a client has sent.

    Args:
        name: What the input is called, for messages.
        proto: A `TensorProto`. One value may stand for all, so that few bytes make a large array.
        max_bytes: The largest array; a text counts as the pointer to it.

    Raises:
        ServingError: It is no tensor, or too large.
    """
    try:
        size = np.dtype(tf.as_dtype(proto.dtype).as_numpy_dtype).itemsize
    except (KeyError, TypeError):
        raise _wrong(name, f"its dtype {proto.dtype} is none that can be sent") from None
    shape = [each.size for each in proto.tensor_shape.dim]
    if any(each < 0 for each in shape):
        raise _wrong(name, f"its shape is {shape}")
    if math.prod(shape) * size > max_bytes:
        raise _wrong(name, f"its shape {shape} is more than {max_bytes} bytes")
    try:
        array: NDArray[Any] = tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise _wrong(name, str(error)) from None
    return array


def _wrong(name: str, why: str) -> ServingError:
    return ServingError("INVALID_ARGUMENT", f"Input {name} is no tensor that is served: {why}")
