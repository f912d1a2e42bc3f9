"""An input_fn may be written for today's TensorFlow, or as graph code of ten years ago."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.bridge.conftest import Arrays

v1 = tf.compat.v1


@pytest.fixture
def labels_seen(model: keras.Model, make_estimator: Any) -> Callable[..., list[list[int]]]:
    """The labels of each batch that a training with this input_fn sees."""

    def see(input_fn: Any, steps: int | None = None) -> list[list[int]]:
        seen: list[list[int]] = []

        def keep(labels: np.ndarray[Any, Any]) -> np.float32:
            seen.append(np.ravel(labels).tolist())
            return np.float32(0)

        def note(y_true: Any, y_pred: Any) -> Any:
            with tf.control_dependencies([tf.numpy_function(keep, [y_true], tf.float32)]):
                return tf.zeros(tf.shape(y_true)[:1])

        model.compile("sgd", "sparse_categorical_crossentropy", metrics=[note])
        make_estimator(model).train(input_fn, steps=steps)
        return seen

    return see


def test_a_one_shot_iterator_gives_a_new_batch_each_step(labels_seen: Any, flowers: Arrays) -> None:
    features, _ = flowers

    def input_fn() -> Any:
        dataset = v1.data.Dataset.from_tensor_slices(({"iris_input": features}, np.arange(30) % 3))
        return v1.data.make_one_shot_iterator(dataset.batch(10)).get_next()

    assert labels_seen(input_fn) == [(np.arange(i, i + 10) % 3).tolist() for i in (0, 10, 20)]


def test_tables_placeholders_and_initializable_iterators_work(
    labels_seen: Any, flowers: Arrays
) -> None:
    features, _ = flowers

    def input_fn() -> Any:
        names = v1.placeholder_with_default(["setosa", "virginica"], [None])
        keys = tf.lookup.KeyValueTensorInitializer(["setosa", "virginica"], [0, 2])
        table = tf.lookup.StaticHashTable(keys, -1)
        dataset = v1.data.Dataset.from_tensors(({"iris_input": features[:2]}, names))
        iterator = v1.data.make_initializable_iterator(dataset)
        v1.add_to_collection(v1.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
        features_out, species = iterator.get_next()
        return features_out, table.lookup(species)

    assert labels_seen(input_fn) == [[0, 2]]


def test_queues_work(labels_seen: Any, flowers: Arrays) -> None:
    features, _ = flowers

    def input_fn() -> Any:
        label = v1.train.range_input_producer(3, num_epochs=1, shuffle=False).dequeue()
        one = tf.reshape(label, [1])
        return {"iris_input": tf.constant(features[:1])}, one

    assert labels_seen(input_fn) == [[0], [1], [2]]


def test_a_dataset_made_of_graph_tensors_is_pulled_through_a_session(
    labels_seen: Any, flowers: Arrays
) -> None:
    features, _ = flowers

    def input_fn() -> tf.data.Dataset:
        v1.get_variable("needs_a_graph", shape=[])
        size = v1.placeholder_with_default(np.int64(2), [])
        data = ({"iris_input": features[:4]}, [0, 1, 2, 0])
        return tf.data.Dataset.from_tensor_slices(data).batch(size)

    assert labels_seen(input_fn) == [[0, 1], [2, 0]]


def test_arrays_are_the_same_batch_for_ever(labels_seen: Any, flowers: Arrays) -> None:
    features, labels = flowers
    calls: list[int] = []

    def input_fn() -> Any:
        calls.append(1)
        return {"iris_input": features[8:11]}, labels[8:11]

    assert labels_seen(input_fn, steps=2) == [[0, 0, 1]] * 2
    assert calls == [1]


def test_it_is_given_those_of_mode_params_and_config_that_it_names(
    labels_seen: Any, flowers: Arrays
) -> None:
    features, labels = flowers

    def input_fn(batch_size: int, mode: str, **more: Any) -> tf.data.Dataset:
        assert mode == "train"
        assert set(more) == {"params", "config"}
        data = ({"iris_input": features}, labels)
        return tf.data.Dataset.from_tensor_slices(data).batch(batch_size)

    assert [len(y) for y in labels_seen(partial(input_fn, 15))] == [15, 15]


def test_what_nobody_gives_is_named(model: keras.Model, make_estimator: Any) -> None:
    def input_fn(mode: str, path: str) -> Any:
        return None

    with pytest.raises(TypeError, match=r"input_fn 'input_fn' asks for path, which nobody gives"):
        make_estimator(model).train(input_fn)


def test_labels_may_be_none(model: keras.Model, flowers: Arrays, make_estimator: Any) -> None:
    for input_fn in (
        lambda: ({"iris_input": flowers[0]}, None),
        lambda: ({"iris_input": tf.constant(flowers[0])}, None),
    ):
        first = next(make_estimator(model).predict(input_fn))
        assert first["probs"].shape == (3,)


def test_graph_code_may_give_sparse_features(make_estimator: Any) -> None:
    x = keras.Input((4,), sparse=True, name="x")
    model = keras.Model(x, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")

    def input_fn() -> Any:
        v1.get_variable("needs_a_graph", shape=[])
        indices = v1.placeholder_with_default(np.array([[0, 1], [1, 3]], "int64"), [2, 2])
        sparse = tf.sparse.SparseTensor(indices, [1.0, 2.0], [2, 4])
        return {"x": sparse}, tf.constant([[1.0], [2.0]])

    estimator = make_estimator(model).train(input_fn, steps=3)
    assert estimator.get_variable_value("global_step") == 3


@pytest.mark.parametrize("wrong", [lambda: None, lambda: (i for i in range(3))])
def test_what_is_no_data_is_refused(model: keras.Model, make_estimator: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"input_fn must return a tf\.data\.Dataset, or features"):
        make_estimator(model).train(wrong)


def test_its_own_errors_come_through(model: keras.Model, make_estimator: Any) -> None:
    def input_fn() -> Any:
        raise RuntimeError("no such table")

    with pytest.raises(RuntimeError, match="no such table"):
        make_estimator(model).train(input_fn)


def test_too_many_elements_are_refused(model: keras.Model, make_estimator: Any) -> None:
    def input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors((1.0, 2.0, 3.0, 4.0))

    with pytest.raises(ValueError, match=r"\(features, labels\) or .*; received 4 elements"):
        make_estimator(model).train(input_fn)


def test_a_third_element_is_the_sample_weights(
    model: keras.Model, flowers: Arrays, make_estimator: Any
) -> None:
    features, labels = flowers
    weights = np.linspace(0, 1, 30, dtype="float32")
    model(features)
    expected = model.evaluate(features, labels, sample_weight=weights, batch_size=30, verbose=0)
    data = ({"iris_input": features}, labels, weights)
    result = make_estimator(model).evaluate(lambda: tf.data.Dataset.from_tensors(data))
    assert result["loss"] == pytest.approx(expected[0], rel=1e-5)
