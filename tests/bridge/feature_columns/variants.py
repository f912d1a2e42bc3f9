"""Declarations of every kind of feature column, and the rows that they are tried on.

TensorFlow 2.15 evaluates them, too (tests/data/feature_columns_2_15.py): nothing of ours is
imported here.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

COLORS = ["red", "green", "blue", "grün"]
Features = Mapping[str, Any]
Columns = dict[str, list[Any]]


def rows(count: int = 150) -> dict[str, Any]:
    """Features by key: boundaries, missing and unknown values, several values a row."""
    chance = np.random.default_rng(2)
    colors = np.array([*COLORS, "", "zzz", "красный", "RED"])
    ages = chance.normal(30, 20, count).round(2)
    ages[:6] = [0, 18, 35, 65, 17.999999, 65.000001]
    tags = chance.choice(colors, (count, 3))
    tags[0] = ["", "", ""]
    tags[1] = ["red", "red", "red"]
    return {
        "age": ages.astype("float32"),
        "income": chance.normal(0, 1000, (count, 1)).astype("float32"),
        "point": chance.normal(0, 1, (count, 3)).astype("float32"),
        "room": chance.integers(-1, 6, (count, 1)),
        "floor": chance.choice(np.array([-7, -1, 0, 1, 2, 3, 4, 99]), (count, 1)),
        "color": chance.choice(colors, (count, 1)),
        "city": chance.choice(np.array(["", "Zürich", "Roma", "東京", "x" * 50]), (count, 1)),
        "code": chance.choice(np.array([-1, 3, 5, 7, 11, -9, 2**40]), (count, 1)),
        "tags": tags,
        "weights": np.where(tags == "", 0, chance.uniform(0.1, 2, (count, 3))).astype("float32"),
        "steps": chance.integers(1, 4, count),
        "readings": chance.normal(0, 1, (count, 3)).astype("float32"),
        "visits": chance.integers(0, 9, (count, 3)),
    }


def pattern(shape: Any) -> np.ndarray[Any, Any]:
    """Values of a weight that are exact and alike everywhere."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    values: np.ndarray[Any, Any] = ((numbers * 7 % 23 - 11) / 8).astype("float32")
    return values


def standardized(x: Any) -> Any:
    """A normalizer_fn."""
    return (x - 30.0) / 20.0


def dense(vocabulary_file: str) -> Columns:
    """Dense columns by what is tried: the 25 kinds, then combinations."""
    fc = tf.feature_column
    indicator, embedding = fc.indicator_column, fc.embedding_column
    age = fc.numeric_column("age")
    by_age = fc.bucketized_column(age, [0, 18, 35, 65])
    by_income = fc.bucketized_column(fc.numeric_column("income"), [-500.0, 0.0, 500.0])
    color = fc.categorical_column_with_vocabulary_list("color", COLORS)
    in_file = fc.categorical_column_with_vocabulary_file(
        "color", vocabulary_file, vocabulary_size=4, num_oov_buckets=2
    )
    tags = fc.categorical_column_with_vocabulary_list("tags", COLORS, num_oov_buckets=1)
    city = fc.categorical_column_with_hash_bucket("city", 7)
    code = fc.categorical_column_with_vocabulary_list("code", [3, 5, 7], num_oov_buckets=2)
    age_and_income = fc.crossed_column([by_age, by_income], 12)
    variants = {
        "numeric": age,
        "numeric normalized": fc.numeric_column("age", normalizer_fn=standardized),
        "numeric of three": fc.numeric_column("point", shape=(3,)),
        "bucketized": by_age,
        "identity": indicator(fc.categorical_column_with_identity("room", 6)),
        "identity with default": indicator(
            fc.categorical_column_with_identity("floor", 4, default_value=2)
        ),
        "vocabulary": indicator(color),
        "vocabulary with buckets": indicator(
            fc.categorical_column_with_vocabulary_list("color", COLORS, num_oov_buckets=3)
        ),
        "vocabulary with default": indicator(
            fc.categorical_column_with_vocabulary_list("color", COLORS, default_value=1)
        ),
        "vocabulary of integers": indicator(code),
        "vocabulary file": indicator(in_file),
        "hashed strings": indicator(city),
        "hashed integers": indicator(
            fc.categorical_column_with_hash_bucket("code", 7, dtype=tf.int64)
        ),
        "cross of buckets": indicator(age_and_income),
        "cross of three": indicator(fc.crossed_column([by_age, by_income, "city"], 20)),
        "cross with vocabulary": indicator(fc.crossed_column([color, by_age], 9)),
        "cross of several values": indicator(fc.crossed_column(["tags", "city"], 11)),
        "cross with key": indicator(fc.crossed_column(["color", "city"], 11, hash_key=17)),
        "counts": indicator(tags),
        "embedded vocabulary": embedding(color, 3),
        "embedded hash": embedding(city, 2),
        "embedded cross": embedding(age_and_income, 4),
        "embedded buckets": embedding(by_age, 2),
        "embedded mean": embedding(tags, 3, combiner="mean"),
        "embedded sqrtn": embedding(tags, 3, combiner="sqrtn"),
    }
    assert len(variants) == 25
    combined = {
        "embedded sum, shortened": [embedding(tags, 3, combiner="sum", max_norm=1.5)],
        "weighted": [indicator(fc.weighted_categorical_column(tags, "weights"))],
        "embedded weighted": [embedding(fc.weighted_categorical_column(tags, "weights"), 2)],
        "side by side": [
            age,
            by_income,
            indicator(color),
            indicator(city),
            embedding(in_file, 2),
            embedding(age_and_income, 4),
            embedding(tags, 3),
            fc.numeric_column("point", shape=(3,)),
        ],
    }
    return {**{name: [column] for name, column in variants.items()}, **combined}


def shared(share: Callable[..., list[Any]]) -> list[Any]:
    """Columns of one table; `share` is `shared_embeddings`."""
    fc = tf.feature_column
    of_color = fc.categorical_column_with_vocabulary_list("color", COLORS)
    of_tags = fc.categorical_column_with_vocabulary_list("tags", COLORS)
    return share([of_tags, of_color], 3, combiner="sqrtn")


def sequences() -> Columns:
    """Columns of sequences by what is tried."""
    fc = tf.feature_column
    visits = fc.sequence_categorical_column_with_identity("visits", 9)
    tags = fc.sequence_categorical_column_with_vocabulary_list("tags", COLORS, num_oov_buckets=1)
    readings = fc.sequence_numeric_column("readings", normalizer_fn=None)
    return {
        "sequence of numbers": [readings],
        "embedded sequence": [fc.embedding_column(visits, 2)],
        "indicated sequence": [fc.indicator_column(tags)],
        "sequences side by side": [readings, fc.embedding_column(visits, 3)],
    }


def linear(vocabulary_file: str) -> Columns:
    """Columns of a linear model: categorical ones as they are."""
    fc = tf.feature_column
    age = fc.numeric_column("age")
    by_age = fc.bucketized_column(age, [0, 18, 35, 65])
    return {
        "linear": [
            fc.numeric_column("point", shape=(3,)),
            by_age,
            fc.categorical_column_with_vocabulary_list("tags", COLORS, num_oov_buckets=1),
            fc.categorical_column_with_vocabulary_file("color", vocabulary_file, 4),
            fc.crossed_column([by_age, "city"], 30),
            fc.embedding_column(fc.categorical_column_with_hash_bucket("city", 5), 2),
        ]
    }


def tensors(features: Features) -> dict[str, Any]:
    """Rows as the columns take them: those of sequences are sparse, as long as `steps` says."""
    found: dict[str, Any] = {key: tf.constant(value) for key, value in features.items()}
    steps = tf.sequence_mask(found.pop("steps"), 3)
    for key in ("readings", "visits"):
        where = tf.where(steps)
        values = tf.gather_nd(found[key], where)
        found[key] = tf.SparseTensor(where, values, tf.shape(found[key], tf.int64))
    return found
