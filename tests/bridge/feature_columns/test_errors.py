"""What is wrong with columns or features is said by name, with the mend."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.feature_columns import (
    FeatureColumns,
    LinearModel,
    SequenceFeatures,
    embedding_dimension,
    shared_embeddings,
)

fc = tf.feature_column
pytestmark = pytest.mark.slow


def age() -> Any:
    return fc.numeric_column("age")


def color() -> Any:
    return fc.categorical_column_with_vocabulary_list("color", ["red", "blue"])


def visits() -> Any:
    return fc.sequence_categorical_column_with_identity("visits", 9)


DECLARED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "none": (lambda: FeatureColumns([]), ValueError, "feature_columns is empty"),
    "a dict": (
        lambda: FeatureColumns({"age": age()}),
        TypeError,
        "feature_columns must be a list of feature columns",
    ),
    "a name": (
        lambda: FeatureColumns(["age"]),
        TypeError,
        r"feature_columns\[0\] is no feature column: 'age', of type str. Declare it, as "
        r"tf.feature_column.numeric_column\('age'\)",
    ),
    "nested": (lambda: FeatureColumns([[age()]]), TypeError, "of type list. Give one list"),
    "twice": (
        lambda: FeatureColumns([age(), age()]),
        ValueError,
        "Two feature columns have the name 'age'",
    ),
    "categorical": (
        lambda: FeatureColumns([fc.categorical_column_with_hash_bucket("city", 10_000)]),
        ValueError,
        r"FeatureColumns takes dense columns. 'city' is categorical: wrap it in "
        r"tf.feature_column.indicator_column\(…\), or in "
        r"tf.feature_column.embedding_column\(…, dimension=10\)",
    ),
    "of sequences": (
        lambda: FeatureColumns([fc.indicator_column(visits())]),
        ValueError,
        "FeatureColumns takes no columns of sequences, and 'visits_indicator' is one",
    ),
    "of no sequences": (
        lambda: SequenceFeatures([age()]),
        ValueError,
        "SequenceFeatures takes columns of sequences, and 'age' is none",
    ),
    "categorical sequences": (
        lambda: SequenceFeatures([visits()]),
        ValueError,
        "'visits' is categorical: wrap it",
    ),
    "linear sequences": (
        lambda: LinearModel([visits()]),
        ValueError,
        "LinearModel takes no columns of sequences, and 'visits' is one",
    ),
    "no unit": (
        lambda: LinearModel([age()], units=0),
        ValueError,
        "units must be a whole number of at least 1; received 0",
    ),
    "combiner": (
        lambda: LinearModel([age()], sparse_combiner="max"),
        ValueError,
        "sparse_combiner must be one of .'sum', 'mean', 'sqrtn'.; received 'max'",
    ),
    "unlike columns shared": (
        lambda: shared_embeddings([color(), fc.categorical_column_with_identity("id", 5)], 2),
        ValueError,
        "must have the same type",
    ),
    "no buckets": (lambda: embedding_dimension(0), ValueError, "at least 1; received 0"),
}

CALLED: dict[str, tuple[Any, type[Exception], str]] = {
    "no dict": (tf.zeros([2, 1]), TypeError, "takes a dict of features by key; received"),
    "missing": (
        {"age": [1.0], "colour": ["red"]},
        ValueError,
        "FeatureColumns 'inputs' lacks the feature 'color', which its column 'color_indicator' "
        "reads; given are 'age', 'colour'. Did you mean 'colour'?",
    ),
    "numbers for strings": (
        {"age": [1.0], "color": [1]},
        TypeError,
        "The column 'color_indicator' reads strings from the feature 'color', which has the dtype "
        "int",
    ),
    "strings for numbers": (
        {"age": ["1"], "color": ["red"]},
        TypeError,
        "The column 'age' reads numbers from the feature 'age', which has the dtype string",
    ),
    "too wide": (
        {"age": [[1.0, 2.0]], "color": ["red"]},
        ValueError,
        "The column 'age' is declared with the shape (1,); an example of the feature 'age' has "
        "(2,). Declare it with shape=(2,).",
    ),
    "no batch": (
        {"age": 1.0, "color": ["red"]},
        ValueError,
        "The feature 'age' is one value without a batch",
    ),
    "sparse numbers": (
        {"age": tf.sparse.from_dense([[1.0]]), "color": ["red"]},
        TypeError,
        "which is sparse or ragged. Make it dense",
    ),
    "None among strings": (
        {"age": [1.0], "color": np.array([None], object)},
        TypeError,
        "The feature 'color' becomes no tensor",
    ),
    "ragged lists": (
        {"age": [1.0], "color": [["red"], ["red", "blue"]]},
        TypeError,
        "examples of different length are a tf.ragged.constant",
    ),
    "batches": (
        {"age": [1.0, 2.0], "color": ["red"]},
        ValueError,
        "The features have different numbers of examples: 'age' has 2, 'color' has 1.",
    ),
}


@pytest.mark.parametrize("case", DECLARED)
def test_columns_that_do_not_fit(case: str) -> None:
    make, error, message = DECLARED[case]
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("case", CALLED)
def test_features_that_do_not_fit(case: str) -> None:
    features, error, message = CALLED[case]
    layer = FeatureColumns([age(), fc.indicator_column(color())], name="inputs")
    with pytest.raises(error, match=re.escape(message)):
        layer(features)


def test_a_model_without_an_input_for_a_column() -> None:
    import keras

    with pytest.raises(ValueError, match="lacks the feature 'age'"):
        FeatureColumns([age()])({"ages": keras.Input((1,))})


def test_two_collections_of_one_name_and_different_tables() -> None:
    narrow = shared_embeddings([color()], 2, shared_embedding_collection_name="both")
    city = fc.categorical_column_with_hash_bucket("city", 9)
    wide = shared_embeddings([city], 3, shared_embedding_collection_name="both")
    with pytest.raises(ValueError, match=r"'both' share one table, .* \(9, 3\).* \(2, 2\)"):
        FeatureColumns([*narrow, *wide]).build()


def test_sequences_of_different_length() -> None:
    columns = [fc.sequence_numeric_column("read"), fc.indicator_column(visits())]
    features = {
        "read": tf.ragged.constant([[1.0], [1.0, 2.0]]),
        "visits": tf.ragged.constant([[1, 2], [3, 4]]),
    }
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="'read' and 'visits_indicator' differ"
    ):
        SequenceFeatures(columns)(features)
