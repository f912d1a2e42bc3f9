"""Receivers and the functions that build them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    ServingInputReceiver,
    TensorServingInputReceiver,
    build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn,
    trace_receiver,
)

placeholder = tf.compat.v1.placeholder


def _in_graph(function: Callable[[], Any]) -> Any:
    with tf.Graph().as_default():
        return function()


class TestServingInputReceiver:
    def test_keeps_dicts(self) -> None:
        x = tf.constant([1.0])
        receiver = ServingInputReceiver({"a": x}, {"b": x}, {"c": {"d": x}})
        assert receiver.features == {"a": x}
        assert receiver.receiver_tensors == {"b": x}
        assert receiver.receiver_tensors_alternatives == {"c": {"d": x}}

    def test_names_bare_tensors(self) -> None:
        x = tf.constant([1.0])
        receiver = ServingInputReceiver(x, x, {"other": x})
        assert list(receiver.features) == ["feature"]
        assert list(receiver.receiver_tensors) == ["input"]
        assert receiver.receiver_tensors_alternatives == {"other": {"input": x}}

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_needs_features_and_receivers(self, nothing: Any) -> None:
        x = tf.constant([1.0])
        with pytest.raises(ValueError, match="needs features; received"):
            ServingInputReceiver(nothing, x)
        with pytest.raises(ValueError, match="needs receiver_tensors; received"):
            ServingInputReceiver(x, nothing)

    @pytest.mark.parametrize(
        ("features", "receivers", "alternatives", "message"),
        [
            ({"a": [1.0]}, None, None, "feature 'a' must be a Tensor, SparseTensor or Ragged"),
            ({1.5: None}, None, None, "names of features must be strings; found 1.5"),
            (None, {"a": "x"}, None, r"receiver_tensors\['a'\] must be a Tensor, as tf.compat"),
            (None, {1: None}, None, "names of receiver_tensors must be strings; found 1"),
            (None, None, ["a"], r"must be a dict of name to receiver tensors; received \['a'\]"),
            (None, None, {"a": {"b": 1}}, r"receiver_tensors\['b'\] must be a Tensor"),
        ],
    )
    def test_says_what_is_wrong(
        self, features: Any, receivers: Any, alternatives: Any, message: str
    ) -> None:
        x = tf.constant([1.0])
        with pytest.raises(ValueError, match=message):
            ServingInputReceiver(features or x, receivers or x, alternatives)


class TestTensorServingInputReceiver:
    def test_keeps_the_feature_bare(self) -> None:
        x = tf.constant([1.0])
        receiver = TensorServingInputReceiver(x, x)
        assert receiver.features is x
        assert list(receiver.receiver_tensors) == ["input"]

    def test_refuses_a_dict(self) -> None:
        x = tf.constant([1.0])
        with pytest.raises(ValueError, match=r"must be one tensor; received a dict with.*'a'"):
            TensorServingInputReceiver({"a": x}, x)


class TestRaw:
    @pytest.mark.parametrize(
        "like",
        [
            tf.TensorSpec([None, 4], tf.float32),
            tf.TensorSpec([7, 4], tf.float32),
            tf.zeros([2, 4]),
            np.zeros([2, 4], np.float32),
            keras.KerasTensor([None, 4], "float32"),
        ],
    )
    def test_takes_shape_and_dtype_of_anything(self, like: Any) -> None:
        receiver = _in_graph(build_raw_serving_input_receiver_fn({"sepal length (cm)": like}))
        tensor = receiver.receiver_tensors["sepal length (cm)"]
        assert tensor.dtype == tf.float32
        assert tensor.shape.as_list() == [None, 4]
        assert receiver.features["sepal length (cm)"] is tensor

    def test_takes_a_placeholder_of_another_graph(self) -> None:
        like = _in_graph(lambda: placeholder(tf.string, [3], name="text"))
        receiver = _in_graph(build_raw_serving_input_receiver_fn({"text": like}, 8))
        assert receiver.receiver_tensors["text"].shape.as_list() == [8]

    def test_takes_one_bare_tensor(self) -> None:
        receiver = _in_graph(build_raw_serving_input_receiver_fn(tf.zeros([1, 2])))
        assert list(receiver.receiver_tensors) == ["input"]
        assert list(receiver.features) == ["feature"]

    def test_a_scalar_is_fed_in_batches(self) -> None:
        receiver = _in_graph(build_raw_serving_input_receiver_fn({"x": tf.constant(1.0)}))
        assert receiver.receiver_tensors["x"].shape.as_list() == [None]

    def test_refuses_what_cannot_be_fed(self) -> None:
        with pytest.raises(TypeError, match=r"'x' must be dense.*build_parsing_serving"):
            build_raw_serving_input_receiver_fn({"x": tf.SparseTensorSpec([None, 2])})
        with pytest.raises(TypeError, match=r"have a shape and a dtype.*found 'y'"):
            build_raw_serving_input_receiver_fn({"x": "y"})


class TestParsing:
    def test_reads_examples(self) -> None:
        spec = {
            "x": tf.io.FixedLenFeature([2], tf.float32),
            "words": tf.io.VarLenFeature(tf.string),
        }
        traced = trace_receiver(build_parsing_serving_input_receiver_fn(spec))
        assert traced.specs["examples"].shape.as_list() == [None]
        feature = {
            "x": tf.train.Feature(float_list=tf.train.FloatList(value=[1, 2])),
            "words": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a", b"b"])),
        }
        example = tf.train.Example(features=tf.train.Features(feature=feature))
        features = traced.features({"examples": [example.SerializeToString()]})
        assert features["x"].numpy().tolist() == [[1.0, 2.0]]
        assert features["words"].values.numpy().tolist() == [b"a", b"b"]

    def test_has_the_batch_size_asked_for(self) -> None:
        spec = {"x": tf.io.FixedLenFeature([2], tf.float32)}
        traced = trace_receiver(build_parsing_serving_input_receiver_fn(spec, 3))
        assert traced.specs["examples"].shape.as_list() == [3]

    @pytest.mark.parametrize("spec", [{}, None, [1]])
    def test_refuses_what_is_no_spec(self, spec: Any) -> None:
        with pytest.raises(TypeError, match=r"feature_spec must be a dict of name to tf.io.Fixed"):
            build_parsing_serving_input_receiver_fn(spec)

    def test_refuses_tensors_in_the_spec(self) -> None:
        with pytest.raises(TypeError, match=r"feature_spec\['x'\] must be.*build_raw_serving"):
            build_parsing_serving_input_receiver_fn({"x": tf.zeros([1])})


class TestTracing:
    def test_runs_graph_code_between_placeholder_and_feature(self) -> None:
        def receiver_fn() -> ServingInputReceiver:
            row = placeholder(tf.string, [None], name="row")
            columns = tf.io.decode_csv(row, [[0.0], [0.0]])
            return ServingInputReceiver({"x": tf.stack(columns, axis=1)}, {"csv_row": row})

        traced = trace_receiver(receiver_fn)
        assert traced.specs == {"csv_row": tf.TensorSpec([None], tf.string, name="csv_row")}
        assert traced.feature_specs == {"x": tf.TensorSpec([None, 2], tf.float32)}
        features = traced.features({"csv_row": ["1,2", "3,4"]})
        assert features["x"].numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]

    def test_keeps_static_shapes_within_a_graph(self) -> None:
        def receiver_fn() -> ServingInputReceiver:
            text = placeholder(tf.string, [None], name="text")
            table = tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(["a"], tf.constant([5], tf.int64)), -1
            )
            number = table.lookup(text)
            number.set_shape([None])
            return ServingInputReceiver({"x": number[:, None]}, {"text": text})

        traced = trace_receiver(receiver_fn)

        @tf.function
        def shape() -> None:
            made.append(traced.features({"text": tf.constant(["a"])})["x"].shape.as_list())

        made: list[Any] = []
        shape()
        assert made == [[None, 1]]

    def test_keeps_the_rank_of_sparse_features(self) -> None:
        spec = {"words": tf.io.VarLenFeature(tf.string)}
        traced = trace_receiver(build_parsing_serving_input_receiver_fn(spec))
        assert traced.feature_specs == {"words": tf.SparseTensorSpec([None, None], tf.string)}

        @tf.function
        def shape() -> None:
            words = traced.features({"examples": tf.constant([""])})["words"]
            made.append((words.shape.rank, words.indices.shape.as_list()))

        made: list[Any] = []
        shape()
        assert made == [(2, [None, 2])]

    def test_takes_a_default_and_an_eager_constant(self) -> None:
        eager = tf.constant([2.0])

        def receiver_fn() -> TensorServingInputReceiver:
            x = tf.compat.v1.placeholder_with_default(tf.ones([1]), [None], name="x")
            return TensorServingInputReceiver(x * eager, x)

        assert trace_receiver(receiver_fn).features({"input": [4.0]}).numpy().tolist() == [8.0]

    def test_takes_any_object_with_the_attributes(self) -> None:
        def receiver_fn() -> SimpleNamespace:
            x = placeholder(tf.float32, [None])
            return SimpleNamespace(features={"x": x}, receiver_tensors=x)

        traced = trace_receiver(receiver_fn)
        assert list(traced.specs) == ["input"]
        assert traced.alternatives == {}

    def test_knows_alternatives(self) -> None:
        def receiver_fn() -> ServingInputReceiver:
            row = placeholder(tf.string, [None], name="row")
            x = tf.strings.to_number(row)
            return ServingInputReceiver({"x": x}, {"row": row}, {"number": {"x": x}})

        traced = trace_receiver(receiver_fn)
        assert traced.features({"row": ["1.5"]})["x"].numpy().tolist() == [1.5]
        number = traced.alternatives["number"]
        assert number.features({"x": [1.5]})["x"].numpy().tolist() == [1.5]

    def test_refuses_what_is_no_receiver(self) -> None:
        with pytest.raises(TypeError, match=r"must return a ServingInputReceiver.*returned 3"):
            trace_receiver(lambda: 3)

    def test_refuses_a_tensor_from_outside(self) -> None:
        x = tf.constant([1.0])
        with pytest.raises(ValueError, match="'input' was not made by serving_input_receiver_fn"):
            trace_receiver(lambda: ServingInputReceiver(x, x))

    def test_refuses_one_placeholder_under_two_names(self) -> None:
        def receiver_fn() -> ServingInputReceiver:
            x = placeholder(tf.float32, [None])
            return ServingInputReceiver(x, {"a": x, "b": x})

        with pytest.raises(ValueError, match="'a' and 'b' are the same placeholder"):
            trace_receiver(receiver_fn)

    def test_names_the_mend_for_a_forgotten_placeholder(self) -> None:
        def receiver_fn() -> ServingInputReceiver:
            x, y = placeholder(tf.float32, [None]), placeholder(tf.float32, [None], name="why")
            return ServingInputReceiver(x + y, {"a": x})

        with pytest.raises(ValueError, match=r"from the receiver tensors \['a'\].*Name each pla"):
            trace_receiver(receiver_fn)

    def test_refuses_a_table_that_is_filled_at_run_time(self) -> None:
        def receiver_fn() -> ServingInputReceiver:
            x = placeholder(tf.string, [None])
            table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
            return ServingInputReceiver(table.lookup(x), x)

        with pytest.raises(ValueError, match="makes a MutableHashTable, whose content would be"):
            trace_receiver(receiver_fn)

    def test_names_a_missing_input(self) -> None:
        traced = trace_receiver(build_raw_serving_input_receiver_fn({"x": tf.zeros([1])}))
        with pytest.raises(KeyError, match=r"receiver takes \['x'\].*among the given \['y'\]"):
            traced.features({"y": [1.0]})
