"""What a training or evaluation graph receives."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    SupervisedInputReceiver,
    build_raw_supervised_input_receiver_fn,
    build_supervised_input_receiver_fn_from_input_fn,
    trace_receiver,
)

X = tf.TensorSpec([8, 2], tf.float32)
Y = tf.TensorSpec([8], tf.int64)


def test_features_and_labels_are_fed_by_their_names() -> None:
    receiver = trace_receiver(build_raw_supervised_input_receiver_fn({"x": X}, {"y": Y}))
    assert receiver.labelled
    assert {name: spec.shape.as_list() for name, spec in receiver.specs.items()} == {
        "x": [None, 2],
        "y": [None],
    }
    features, labels = receiver.features({"x": np.ones([3, 2]), "y": [1, 2, 3]})
    assert features["x"].shape == (3, 2)
    assert labels["y"].numpy().tolist() == [1, 2, 3]


def test_bare_ones_are_fed_as_input_and_label_and_stay_bare() -> None:
    receiver = trace_receiver(build_raw_supervised_input_receiver_fn(X, Y, default_batch_size=4))
    assert [spec.shape[0] for spec in receiver.specs.values()] == [4, 4]
    features, labels = receiver.features({"input": np.ones([4, 2]), "label": [1, 2, 3, 4]})
    assert (features.shape, labels.dtype) == ((4, 2), tf.int64)


def test_a_label_needs_a_name_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"names of their own; both have \['x'\]"):
        build_raw_supervised_input_receiver_fn({"x": X}, {"x": Y})
    with pytest.raises(ValueError, match=r"both have \['label'\]"):
        build_raw_supervised_input_receiver_fn({"label": X}, Y)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: tf.data.Dataset.from_tensors((np.ones([n, 2], "f"), np.ones([n], "i"))),
        lambda n: (tf.ones([n, 2]), tf.ones([n], tf.int32)),
    ],
    ids=["dataset", "tensors"],
)
def test_an_input_fn_tells_shapes_and_dtypes(make: Any) -> None:
    receiver = trace_receiver(build_supervised_input_receiver_fn_from_input_fn(make, n=5))
    found = {name: (spec.shape.as_list(), spec.dtype) for name, spec in receiver.specs.items()}
    assert found == {"input": ([None, 2], tf.float32), "label": ([None], tf.int32)}


def test_an_input_fn_without_labels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must give a pair \(features, labels\); it gave"):
        build_supervised_input_receiver_fn_from_input_fn(lambda: {"x": tf.ones([1])})


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (None, tf.ones([1]), "needs features; received None"),
        (tf.ones([1]), {}, "needs labels; received {}"),
        ({"x": 1}, tf.ones([1]), "The feature 'x' must be a Tensor"),
        (tf.ones([1]), [1], "The feature 'label' must be a Tensor"),
    ],
)
def test_what_is_missing_or_no_tensor_is_refused(features: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SupervisedInputReceiver(features, labels, {"x": tf.ones([1])})
