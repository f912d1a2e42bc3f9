"""From features back to what must be fed."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasrun.exporters import (
    ServingInputReceiver,
    TensorServingInputReceiver,
    TracedReceiver,
    build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn,
    receiver_inputs,
    trace_receiver,
)

placeholder = tf.compat.v1.placeholder
_ARRAY = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)


def _raw(**specs: tf.TensorSpec) -> TracedReceiver:
    return trace_receiver(build_raw_serving_input_receiver_fn(specs))


def _single() -> TracedReceiver:
    def receiver_fn() -> TensorServingInputReceiver:
        x = placeholder(tf.float32, [None, 2])
        return TensorServingInputReceiver(x, x)

    return trace_receiver(receiver_fn)


def test_raw_receivers_are_fed_by_name() -> None:
    receiver = _raw(a=tf.TensorSpec([None, 2]), b=tf.TensorSpec([None], tf.string))
    features = {"a": _ARRAY, "b": np.array([b"x", b"y"]), "more": _ARRAY}
    inputs = receiver_inputs(receiver, features)
    assert inputs is not None
    assert set(inputs) == {"a", "b"}
    assert receiver_inputs(receiver, {"a": _ARRAY}) is None


@pytest.mark.parametrize("features", [_ARRAY, {"x": _ARRAY}, {"other": _ARRAY}])
def test_a_single_tensor_is_fed_whatever_its_name(features: Any) -> None:
    inputs = receiver_inputs(_single(), features)
    assert inputs is not None
    np.testing.assert_array_equal(inputs["input"], _ARRAY)


def test_an_array_is_fed_to_a_single_named_receiver() -> None:
    inputs = receiver_inputs(_raw(x=tf.TensorSpec([None, 2])), _ARRAY.astype(np.float64))
    assert inputs is not None
    assert inputs["x"].dtype == np.float32


def test_shapes_and_kinds_must_fit() -> None:
    receiver = _raw(x=tf.TensorSpec([None, 3]))
    assert receiver_inputs(receiver, {"x": _ARRAY}) is None
    assert receiver_inputs(receiver, {"x": np.array([["a", "b", "c"]])}) is None


def test_a_receiver_that_works_on_what_it_is_fed_cannot_be_told() -> None:
    def receiver_fn() -> ServingInputReceiver:
        x = placeholder(tf.float32, [None, 2])
        return ServingInputReceiver({"x": x / 255.0}, {"x": x})

    def decoding_fn() -> ServingInputReceiver:
        x = placeholder(tf.string, [None])
        image = tf.map_fn(tf.io.decode_png, x, fn_output_signature=tf.uint8)
        return ServingInputReceiver({"image": image}, {"bytes": x})

    assert receiver_inputs(trace_receiver(receiver_fn), {"x": _ARRAY}) is None
    assert receiver_inputs(trace_receiver(decoding_fn), {"image": _ARRAY}) is None


def test_parsing_receivers_are_fed_examples() -> None:
    spec = {
        "x": tf.io.FixedLenFeature([2], tf.float32),
        "n": tf.io.FixedLenFeature([], tf.int64),
        "word": tf.io.FixedLenFeature([], tf.string),
        "bag": tf.io.VarLenFeature(tf.int64),
    }
    receiver = trace_receiver(build_parsing_serving_input_receiver_fn(spec))
    features = {
        "x": _ARRAY,
        "n": np.array([1, -2], np.int32),
        "word": np.array(["größe", "b"]),
        "bag": np.array([[1, 2], [3, 4]]),
    }
    inputs = receiver_inputs(receiver, features)
    assert inputs is not None
    example = tf.train.Example.FromString(inputs["examples"][0])
    assert list(example.features.feature["x"].float_list.value) == [1.0, 2.0]
    assert example.features.feature["word"].bytes_list.value[0].decode() == "größe"
    assert receiver_inputs(receiver, {"x": _ARRAY}) is None
    assert receiver_inputs(receiver, {**features, "x": _ARRAY[:, :1]}) is None


_dtypes = st.sampled_from([np.float32, np.int64])
_arrays = _dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, min_side=1))
)


@settings(max_examples=25, deadline=None)
@given(_arrays)
def test_what_is_fed_gives_the_features_again(array: Any) -> None:
    spec = {"x": tf.io.FixedLenFeature(array.shape[1:], tf.as_dtype(array.dtype))}
    raw = _raw(x=tf.TensorSpec([None, *array.shape[1:]], array.dtype))
    for receiver in (raw, trace_receiver(build_parsing_serving_input_receiver_fn(spec))):
        inputs = receiver_inputs(receiver, {"x": array})
        assert inputs is not None
        np.testing.assert_array_equal(receiver.features(inputs)["x"].numpy(), array)
