"""numpy_input_fn: the meaning of tf.compat.v1.estimator.inputs.numpy_input_fn, as a dataset."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrun.input_fns import numpy_input_fn

ROWS = np.arange(5)


def batches(dataset: tf.data.Dataset) -> list[list[Any]]:
    return [batch.tolist() for batch in dataset.as_numpy_iterator()]


@pytest.mark.parametrize(
    ("batch_size", "num_epochs", "expected"),
    [
        (2, 2, [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]),
        (2, 1, [[0, 1], [2, 3], [4]]),
        (128, 3, [[0, 1, 2, 3, 4] * 3]),
        (5, 1, [[0, 1, 2, 3, 4]]),
        (2, 0, []),
    ],
)
def test_epochs_follow_each_other_before_rows_are_batched(
    batch_size: int, num_epochs: int, expected: list[list[int]]
) -> None:
    dataset = numpy_input_fn(ROWS, batch_size=batch_size, num_epochs=num_epochs, shuffle=False)()
    assert batches(dataset) == expected
    assert int(dataset.cardinality()) == len(expected)


def test_without_num_epochs_the_data_never_end() -> None:
    dataset = numpy_input_fn(ROWS, batch_size=2, num_epochs=None, shuffle=False)()
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    first = itertools.islice(dataset.as_numpy_iterator(), 1000)
    assert np.concatenate(list(first)).tolist() == [row % 5 for row in range(2000)]


def test_one_epoch_in_batches_of_128_unless_said_otherwise() -> None:
    assert [len(b) for b in batches(numpy_input_fn(np.arange(130), shuffle=False)())] == [128, 2]


@pytest.mark.parametrize("shuffle", [None, "yes", 1])
def test_shuffle_must_be_said_when_it_is_made(shuffle: Any) -> None:
    with pytest.raises(ValueError, match=r"shuffle must be True or False, got .*shuffle=True for"):
        numpy_input_fn(ROWS, shuffle=shuffle)


@given(
    row_count=st.integers(1, 60),
    batch_size=st.integers(1, 70),
    num_epochs=st.integers(1, 3),
    seed=st.none() | st.integers(0, 2**31),
)
@settings(max_examples=25, deadline=None)
def test_shuffled_every_row_comes_once_an_epoch(
    row_count: int, batch_size: int, num_epochs: int, seed: int | None
) -> None:
    rows = np.arange(row_count)
    got = batches(numpy_input_fn(rows, None, batch_size, num_epochs, shuffle=True, seed=seed)())
    flat = np.concatenate(got).reshape(num_epochs, row_count)
    assert (np.sort(flat, axis=1) == rows).all()
    assert {len(batch) for batch in got[:-1]} <= {batch_size}


def shuffled(seed: int | None = 7, num_epochs: int | None = 2) -> tf.data.Dataset:
    return numpy_input_fn(np.arange(40), None, 40, num_epochs, shuffle=True, seed=seed)()


def test_each_epoch_has_another_order() -> None:
    first, second = batches(shuffled())
    assert first != second
    assert first != sorted(first)


def test_a_seed_gives_the_same_order_in_each_run_and_another_seed_another() -> None:
    assert batches(shuffled(seed=7)) == batches(shuffled(seed=7))
    assert batches(shuffled(seed=7)) != batches(shuffled(seed=8))


def test_without_a_seed_each_call_has_its_own_order() -> None:
    assert batches(shuffled(seed=None)) != batches(shuffled(seed=None))


def test_without_a_seed_the_global_one_decides() -> None:
    def run() -> list[list[Any]]:
        tf.random.set_seed(3)
        return batches(shuffled(seed=None))

    assert run() == run()


def test_going_through_a_dataset_again_gives_another_order() -> None:
    dataset = shuffled(num_epochs=1)
    assert batches(dataset) != batches(dataset)


@pytest.mark.parametrize("seed", [None, 5])
def test_a_saved_position_is_taken_up_exactly(seed: int | None, tmp_path: Path) -> None:
    def iterator() -> Any:
        return iter(numpy_input_fn(np.arange(11), None, 4, None, shuffle=True, seed=seed)())

    interrupted = iterator()
    for _ in range(7):
        next(interrupted)
    saved = tf.train.Checkpoint(iterator=interrupted).save(str(tmp_path / "position"))
    expected = [next(interrupted).numpy().tolist() for _ in range(30)]
    resumed = iterator()
    tf.train.Checkpoint(iterator=resumed).restore(saved)
    assert [next(resumed).numpy().tolist() for _ in range(30)] == expected


def test_a_saved_position_holds_no_data(tmp_path: Path) -> None:
    iterator = iter(numpy_input_fn(np.zeros((100, 10_000)), None, 1, None, shuffle=True)())
    next(iterator)
    tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "position"))
    data_bytes = 100 * 10_000 * 8
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < data_bytes / 4


def test_dicts_stay_dicts_and_arrays_tensors_with_their_dtypes() -> None:
    x = {"a": np.ones((2, 3), np.float32), "b": np.array(["x", "yz"])}
    features, labels = next(iter(numpy_input_fn(x, np.array([1, 2], np.int8), shuffle=False)()))
    assert {key: (value.dtype, value.shape) for key, value in features.items()} == {
        "a": (tf.float32, (2, 3)),
        "b": (tf.string, (2,)),
    }
    assert labels.dtype == tf.int8
    assert features["b"].numpy().tolist() == [b"x", b"yz"]


def test_an_array_and_a_dict_of_it_give_the_same_rows() -> None:
    x = np.arange(24).reshape(4, 2, 3)
    bare = batches(numpy_input_fn(x, batch_size=3, shuffle=False)())
    named = numpy_input_fn({"a": x}, batch_size=3, shuffle=False)()
    assert [batch["a"].tolist() for batch in named.as_numpy_iterator()] == bare
    assert np.concatenate(bare).tolist() == x.tolist()


def test_features_may_be_of_different_rank() -> None:
    x = {"a": np.arange(4).reshape(4, 1, 1), "b": np.arange(4)}
    (features,) = numpy_input_fn(x, batch_size=4, shuffle=False)()
    assert {key: value.shape for key, value in features.items()} == {"a": (4, 1, 1), "b": (4,)}


@pytest.mark.parametrize("name", ["__target_key__", "target", "labels"])
def test_no_feature_name_is_reserved(name: str) -> None:
    x = {name: np.arange(3)}
    ((features, labels),) = numpy_input_fn(x, np.arange(3) * 2, shuffle=False)()
    assert list(x) == list(features) == [name]
    assert labels.numpy().tolist() == [0, 2, 4]


def test_labels_in_a_dict_come_as_a_dict() -> None:
    y = {"one": np.arange(2), "two": np.arange(2.0)}
    _, labels = next(iter(numpy_input_fn(np.zeros((2, 1)), y, shuffle=False)()))
    assert sorted(labels) == ["one", "two"]


def test_without_labels_there_are_features_alone() -> None:
    (element,) = numpy_input_fn({"a": ROWS}, shuffle=False)()
    assert list(element) == ["a"]


def test_features_and_labels_stay_together_when_shuffled() -> None:
    x, y = np.arange(100), np.arange(100) * 3
    for features, labels in numpy_input_fn(x, y, 7, 3, shuffle=True)():
        assert (labels.numpy() == features.numpy() * 3).all()


def test_what_was_given_is_not_changed() -> None:
    x = {"b": np.arange(3), "a": np.arange(3.0)}
    list(numpy_input_fn(x, np.arange(3), shuffle=True)())
    assert list(x) == ["b", "a"]
    assert x["b"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ({}, None, ValueError, "x is an empty dict"),
        ({"a": ROWS}, {}, ValueError, "y is an empty dict; give None"),
        ({"a": ROWS}, {"a": ROWS}, ValueError, r"x and y share the keys \['a'\]"),
        (
            {"a": ROWS, "b": ROWS, "c": ROWS},
            {"b": ROWS, "z": ROWS, "c": ROWS},
            ValueError,
            r"x and y share the keys \['b', 'c'\]",
        ),
        ({"a": ROWS}, ROWS[:3], ValueError, r"equally many rows, got x\['a'\]: 5, y: 3"),
        ({"a": ROWS, "b": ROWS[1:]}, None, ValueError, r"x\['a'\]: 5, x\['b'\]: 4"),
        ([1, 2], None, TypeError, "x must be a numpy array or a dict of arrays, got list"),
        ({"a": [1, 2]}, None, TypeError, r"x\['a'\] must be a numpy array, got list.*np.asarray"),
        (ROWS, [1] * 5, TypeError, "y must be a numpy array or a dict of arrays, got list"),
        (np.array(3), None, ValueError, r"x must have rows .*single value 3"),
        (ROWS[:0], None, ValueError, "x: no rows"),
        (np.array(["a", 1], object), None, TypeError, r"element 1 is 1 \(int\)"),
    ],
)
def test_bad_data_are_refused_when_the_input_fn_is_called(
    x: Any, y: Any, error: type[Exception], message: str
) -> None:
    input_fn = numpy_input_fn(x, y, shuffle=False)
    with pytest.raises(error, match=message):
        input_fn()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, r"batch_size .*got 2.0 \(float\)"),
        ({"num_epochs": -1}, ValueError, "num_epochs .*at least 0 or None, got -1"),
        ({"num_epochs": True}, TypeError, r"num_epochs .*got True \(bool\)"),
        ({"seed": "x"}, TypeError, r"seed .*got 'x' \(str\)"),
    ],
)
def test_bad_arguments_are_refused_when_it_is_made(
    arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        numpy_input_fn(ROWS, shuffle=False, **arguments)


def test_queue_arguments_are_accepted_in_their_old_places() -> None:
    assert batches(numpy_input_fn(ROWS, None, 5, 1, False, 3, 4)()) == [[0, 1, 2, 3, 4]]


def test_in_a_graph_a_one_shot_iterator_feeds_a_session() -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        dataset = numpy_input_fn({"a": ROWS}, ROWS, 5, 1, shuffle=True, seed=1)()
        features, labels = tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()
        got_features, got_labels = session.run((features, labels))
        assert sorted(got_labels.tolist()) == [0, 1, 2, 3, 4]
        assert got_features["a"].tolist() == got_labels.tolist()
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(labels)
