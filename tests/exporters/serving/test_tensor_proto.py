"""Arrays in the answers of gRPC."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.tensor_proto import fill_tensor, read_tensor

DTYPES = ["f4", "f8", "f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "c16"]


def filled(array: Any) -> Any:
    proto = tf.make_tensor_proto(0).__class__()
    fill_tensor(proto, array)
    return proto


@pytest.mark.parametrize("dtype", [*DTYPES, tf.bfloat16.as_numpy_dtype])
@pytest.mark.parametrize("shape", [(2, 3), (0, 4), ()])
def test_an_array_comes_back(dtype: Any, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    found = tf.make_ndarray(filled(array))
    assert (found.dtype, found.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(found, array)


def test_values_that_are_no_number_come_back() -> None:
    array = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
    np.testing.assert_array_equal(tf.make_ndarray(filled(array)), array)
    texts = np.array([[b"a", "\u00e4".encode()], [b"", b"\0\xff"]], object)
    assert tf.make_ndarray(filled(texts)).tolist() == texts.tolist()
    assert list(filled(texts).string_val) == [b"a", "\u00e4".encode(), b"", b"\0\xff"]


def test_values_are_in_the_fields_that_clients_read() -> None:
    assert list(filled(np.array([[1, 2], [3, 4]], np.float32)).float_val) == [1, 2, 3, 4]
    assert list(filled(np.array([7, 8], np.int64)).int64_val) == [7, 8]
    assert list(filled(np.array([True, False])).bool_val) == [True, False]
    assert not filled(np.array([1, 2], np.float32)).tensor_content


def sent(shape: list[int], dtype: Any = tf.float32, values: int = 1) -> Any:
    proto = tf.make_tensor_proto(0).__class__(dtype=getattr(dtype, "as_datatype_enum", dtype))
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    proto.float_val.extend([1.0] * values)
    return proto


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_a_client_sends_is_read(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    for proto in (tf.make_tensor_proto(array), filled(array)):
        np.testing.assert_array_equal(read_tensor("x", proto, 96), array)
    texts = tf.make_tensor_proto([["a"], ["b"]])
    assert read_tensor("x", texts, 16).tolist() == [[b"a"], [b"b"]]


def test_few_bytes_do_not_make_a_large_array() -> None:
    assert read_tensor("x", sent([25, 4]), 400).sum() == 100
    for shape in ([26, 4], [2**31, 4], [2**62, 4], [2**62, 2**62]):
        with pytest.raises(ServingError, match=r"its shape \[.*\] is more than 400 bytes"):
            read_tensor("x", sent(shape), 400)


@pytest.mark.parametrize(
    ("proto", "why"),
    [
        (sent([-1, 4]), r"its shape is \[-1, 4\]"),
        (sent([2], values=3), "no tensor that is served: "),
        *((sent([1], dtype), "its dtype .* is none") for dtype in (0, 20, 21, 999)),
    ],
)
def test_what_is_no_tensor_is_said(proto: Any, why: str) -> None:
    with pytest.raises(ServingError, match=f"Input x is .*{why}") as caught:
        read_tensor("x", proto, 400)
    assert caught.value.code == "INVALID_ARGUMENT"
