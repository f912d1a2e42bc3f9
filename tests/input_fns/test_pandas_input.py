"""pandas_input_fn: the meaning of tf.compat.v1.estimator.inputs.pandas_input_fn, as a dataset."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrun.input_fns import pandas_input_fn

X = pd.DataFrame({"a": [0, 1, 2, 3, 4], "b": [0.0, 0.5, 1.0, 1.5, 2.0]})
Y = pd.Series([10, 11, 12, 13, 14])


def one_batch(x: Any, y: Any = None, **arguments: Any) -> Any:
    (element,) = pandas_input_fn(x, y, shuffle=False, **arguments)()
    return element


def column(values: Any, dtype: Any = None) -> tf.Tensor:
    return one_batch(pd.DataFrame({"c": pd.Series(values, dtype=dtype)}))["c"]


@pytest.mark.parametrize(
    ("batch_size", "num_epochs", "expected"),
    [
        (2, 2, [[10, 11], [12, 13], [14, 10], [11, 12], [13, 14]]),
        (2, 1, [[10, 11], [12, 13], [14]]),
        (128, 2, [[10, 11, 12, 13, 14] * 2]),
        (2, 0, []),
    ],
)
def test_epochs_follow_each_other_before_rows_are_batched(
    batch_size: int, num_epochs: int, expected: list[list[int]]
) -> None:
    dataset = pandas_input_fn(X, Y, batch_size, num_epochs, shuffle=False)()
    assert [labels.tolist() for _, labels in dataset.as_numpy_iterator()] == expected


def test_without_num_epochs_the_data_never_end() -> None:
    dataset = pandas_input_fn(X, Y, num_epochs=None, shuffle=False)()
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


@pytest.mark.parametrize("queue_capacity", [1000, None])
def test_shuffled_there_are_as_many_batches(queue_capacity: Any) -> None:
    batches = pandas_input_fn(X, Y, 2, 2, shuffle=True, queue_capacity=queue_capacity)()
    assert [len(labels) for _, labels in batches] == [2] * 5


def test_an_input_fn_can_be_made_and_called_again_and_again() -> None:
    x, before = X.copy(), X.copy()
    for _ in range(2):
        input_fn = pandas_input_fn(x, Y, shuffle=False)
        for _ in range(2):
            ((features, labels),) = input_fn()
            assert sorted(features) == ["a", "b"]
            assert labels.numpy().tolist() == Y.tolist()
    pd.testing.assert_frame_equal(x, before)


def test_features_are_the_columns_and_not_the_index() -> None:
    features, labels = one_batch(X, Y)
    assert sorted(features) == ["a", "b"]
    assert (features["a"].dtype, features["b"].dtype) == (tf.int64, tf.float64)
    assert labels.numpy().tolist() == [10, 11, 12, 13, 14]


def test_without_labels_there_are_features_alone() -> None:
    assert sorted(one_batch(X)) == ["a", "b"]


def test_labels_in_a_frame_come_as_a_dict_even_with_the_names_of_features() -> None:
    features, labels = one_batch(X, pd.DataFrame({"a": Y, "z": Y * 2}))
    assert features["a"].numpy().tolist() == [0, 1, 2, 3, 4]
    assert labels["a"].numpy().tolist() == [10, 11, 12, 13, 14]
    assert labels["z"].numpy().tolist() == [20, 22, 24, 26, 28]


def test_rows_stay_together_when_shuffled_and_come_once_an_epoch() -> None:
    seen: list[int] = []
    for features, labels in pandas_input_fn(X, Y, 2, 3, shuffle=True, seed=1)():
        assert (labels.numpy() == features["a"].numpy() + 10).all()
        seen += labels.numpy().tolist()
    assert [sorted(seen[start : start + 5]) for start in (0, 5, 10)] == [Y.tolist()] * 3


def test_later_changes_of_the_frame_are_not_seen() -> None:
    x = X.copy()
    input_fn = pandas_input_fn(x, shuffle=False)
    x.loc[0, "a"] = 99
    assert next(iter(input_fn()))["a"].numpy().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "dtype", "expected_dtype", "expected"),
    [
        ([True, False], None, tf.bool, [True, False]),
        ([True, False], "boolean", tf.bool, [True, False]),
        ([1, 2], "int8", tf.int8, [1, 2]),
        ([1, 2], "Int64", tf.int64, [1, 2]),
        ([1, 2], "uint8", tf.uint8, [1, 2]),
        ([1.5, 2], "float32", tf.float32, [1.5, 2.0]),
        ([1.5, 2], "Float64", tf.float64, [1.5, 2.0]),
        (["ä", "b"], None, tf.string, ["ä".encode(), b"b"]),
        (["a", "b"], "string", tf.string, [b"a", b"b"]),
        (["a", b"b"], "object", tf.string, [b"a", b"b"]),
        (["a", "b"], "category", tf.string, [b"a", b"b"]),
        ([3, 4], "category", tf.int64, [3, 4]),
    ],
)
def test_column_types(values: Any, dtype: Any, expected_dtype: tf.DType, expected: Any) -> None:
    got = column(values, dtype)
    assert got.dtype == expected_dtype
    assert got.numpy().tolist() == expected


@pytest.mark.parametrize("dtype", ["float64", "Float64"])
def test_missing_floats_stay_nan(dtype: str) -> None:
    assert np.isnan(column([1.0, None], dtype).numpy()).tolist() == [False, True]


@pytest.mark.parametrize("dtype", ["str", "object", "category", "Int64", "boolean"])
def test_other_missing_values_are_refused_with_the_row(dtype: str) -> None:
    values = [1, None] if dtype in ("Int64", "boolean") else ["a", None]
    message = r"x\['c'\] .*has 1 missing value\(s\), the first in row 1. .*fillna"
    with pytest.raises(ValueError, match=message):
        column(values, dtype)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2026-01-01"]), r"x\['c'\] has dtype datetime64.*Convert it to numbers"),
        ([["a"]], r"x\['c'\] must hold numbers or strings only; row 0 is \['a'\] \(list\)"),
    ],
)
def test_columns_that_make_no_tensor_are_refused(values: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        column(values)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"shuffle": None}, ValueError, "shuffle must be True or False, got None"),
        ({"target_column": 3}, TypeError, "target_column must be a string, got 3"),
        ({"target_column": ["a"]}, TypeError, r"target_column must be a string, got \['a'\]"),
        ({"target_column": "a"}, ValueError, "target_column 'a' is a column of x already"),
        (
            {"y": Y.set_axis(range(1, 6))},
            ValueError,
            r"the same index; x has 5 rows \(0, 1, 2, ...",
        ),
        ({"y": Y[:3]}, ValueError, r"y has 3 rows \(0, 1, 2\).*reset_index"),
        ({"y": [1] * 5}, TypeError, "y must be a pandas Series or DataFrame, got list"),
        ({"x": {"a": [1]}}, TypeError, "x must be a pandas DataFrame, got dict"),
        ({"x": X[:0]}, ValueError, "x has 0 rows and 2 columns"),
        ({"x": X.set_axis(["a", "a"], axis=1)}, ValueError, "more than one column named 'a'"),
        ({"x": X.set_axis([0, 1], axis=1)}, TypeError, r"must be strings, got 0; .*map\(str\)"),
    ],
)
def test_bad_input_is_refused_when_it_is_made(
    arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        pandas_input_fn(**({"x": X, "y": Y, "shuffle": False} | arguments))


def test_a_target_column_in_x_is_no_matter_without_labels() -> None:
    assert sorted(one_batch(X, target_column="a")) == ["a", "b"]
