"""Layers of feature columns train, resume and are exported in models of every kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.feature_columns import FeatureColumns, LinearModel, SequenceFeatures
from tests.bridge.keras_reference import twins

fc = tf.feature_column
COLORS = ["red", "blue", "grün", ""]
pytestmark = pytest.mark.slow


def rows(count: int = 64) -> tuple[dict[str, Any], Any]:
    """Rows and labels that follow from the color."""
    chance = np.random.default_rng(4)
    color = chance.integers(0, 4, count)
    features = {
        "age": chance.normal(30, 10, count).astype("float32"),
        "color": np.array(COLORS)[color],
        "city": chance.integers(0, 40, (count, 2)).astype(str),
    }
    return features, (color == 1).astype("float32")[:, None]


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(rows()).batch(16)


def columns(folder: Path) -> list[Any]:
    path = folder / "colors.txt"
    path.write_text("\n".join(COLORS[:3]) + "\n", encoding="utf-8")
    color = fc.categorical_column_with_vocabulary_file("color", str(path), num_oov_buckets=2)
    city = fc.categorical_column_with_hash_bucket("city", 2000)
    normal = keras.initializers.RandomNormal(stddev=0.3, seed=1)
    return [
        fc.numeric_column("age", normalizer_fn=lambda x: x / 30.0),
        fc.indicator_column(color),
        fc.embedding_column(city, 16, initializer=normal),
        fc.embedding_column(fc.crossed_column([color, "city"], 50), 3, initializer=normal),
    ]


def sequential(folder: Path) -> keras.Model:
    return keras.Sequential([FeatureColumns(columns(folder)), keras.layers.Dense(1, name="out")])


def functional(folder: Path) -> keras.Model:
    inputs = {
        "age": keras.Input((), name="age"),
        "color": keras.Input((), dtype="string", name="color"),
        "city": keras.Input((None,), dtype="string", name="city"),
    }
    deep = keras.layers.Dense(1)(FeatureColumns(columns(folder))(inputs))
    wide = LinearModel([fc.categorical_column_with_hash_bucket("city", 2000)])(inputs)
    return keras.Model(inputs, keras.layers.Add(name="out")([deep, wide]))


class Subclassed(keras.Model):
    """A wide and a deep half."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="out")
        self.deep = keras.Sequential([FeatureColumns(columns(folder)), keras.layers.Dense(1)])
        self.wide = LinearModel([fc.categorical_column_with_hash_bucket("city", 2000)])

    def call(self, features: Any) -> Any:
        return self.deep(features) + self.wide(features)


@pytest.mark.parametrize("build", [sequential, functional])
def test_a_model_is_trained_as_keras_does_it_and_served(
    tmp_path: Path, build: Callable[[Path], keras.Model]
) -> None:
    def compiled() -> keras.Model:
        model = build(tmp_path)
        model.compile(keras.optimizers.Adagrad(0.1), "mse")
        return model

    by_keras, by_us = twins(compiled)
    by_keras.fit(input_fn().repeat(5), verbose=0, shuffle=False)
    estimator = tf_estimator.model_to_estimator(by_us, model_dir=tmp_path / "run")
    estimator.train(lambda: input_fn().repeat(5))
    for mine, theirs in zip(by_us.weights, by_keras.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-5, err_msg=mine.path)

    features, _ = rows()
    receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(
        {
            key: tf.TensorSpec([None, *value.shape[1:]], tf.as_dtype(tf.constant(value).dtype))
            for key, value in features.items()
        }
    )
    exported = estimator.export_saved_model(tmp_path / "served", receiver_fn)
    (tmp_path / "colors.txt").unlink()
    served = tf.saved_model.load(exported).signatures["serving_default"]
    given = {key: tf.constant(value) for key, value in features.items()}
    found = served(**given)["out"].numpy()
    np.testing.assert_allclose(found, by_keras.predict(given, verbose=0), atol=1e-5)
    assert np.ptp(found) > 0.1, "it has learnt something"


def test_examples_are_parsed_as_the_columns_declare_them(tmp_path: Path) -> None:
    """Absent values come as sparse features that are empty."""
    declared = columns(tmp_path)
    model = Subclassed(tmp_path)
    model.compile("sgd", "mse")
    estimator = tf_estimator.model_to_estimator(model, model_dir=tmp_path / "run")
    estimator.train(input_fn, steps=1)
    receiver_fn = tf_estimator.export.build_parsing_serving_input_receiver_fn(
        fc.make_parse_example_spec(declared)
    )
    exported = estimator.export_saved_model(tmp_path / "served", receiver_fn)
    served = tf.saved_model.load(exported).signatures["serving_default"]

    def example(**features: Any) -> bytes:
        kinds = {
            "age": lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=v)),
            "city": lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v)),
        }
        kinds["color"] = kinds["city"]
        found = {key: kinds[key](value) for key, value in features.items()}
        text: bytes = tf.train.Example(
            features=tf.train.Features(feature=found)
        ).SerializeToString()
        return text

    texts = [example(age=[20.0], color=[b"blue"], city=[b"1", b"2"]), example(age=[40.0])]
    (name,) = served.structured_input_signature[1]
    (found,) = served(**{name: tf.constant(texts)}).values()
    plain = {
        "age": tf.constant([20.0, 40.0]),
        "color": tf.constant(["blue", ""]),
        "city": tf.constant([["1", "2"], ["", ""]]),
    }
    # In the cross an empty string is a value like others; an absent one is none.
    expected = model(
        {
            **plain,
            "color": tf.sparse.from_dense(plain["color"][:, None]),
            "city": tf.sparse.from_dense(plain["city"]),
        }
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_sequences_feed_a_recurrent_layer() -> None:
    visits = fc.sequence_categorical_column_with_identity("visits", 9)
    inputs = {"visits": keras.Input((None,), dtype="int64", name="visits")}
    sequences, lengths = SequenceFeatures([fc.embedding_column(visits, 4)])(inputs)
    assert (sequences.shape, lengths.shape) == ((None, None, 4), (None,))
    mask = keras.layers.Lambda(lambda n: tf.sequence_mask(n), output_shape=(None,))(lengths)
    state = keras.layers.GRU(3)(sequences, mask=mask)
    model = keras.Model(inputs, state)
    short = model({"visits": tf.constant([[1, 2]])})
    padded = model({"visits": tf.constant([[1, 2, -1, -1], [1, 2, 3, 4]])})
    np.testing.assert_allclose(padded[:1], short, atol=1e-6)


def test_a_layer_that_is_not_trained_keeps_its_weights() -> None:
    features, labels = rows()
    city = fc.categorical_column_with_hash_bucket("city", 9)
    still = FeatureColumns([fc.embedding_column(city, 2)], trainable=False)
    mixed = FeatureColumns(
        [
            fc.embedding_column(city, 3, trainable=False),
            fc.embedding_column(fc.categorical_column_with_hash_bucket("color", 9), 2),
        ]
    )
    for layer, trained in ((still, 0), (mixed, 1)):
        layer(features)
        assert len(layer.trainable_weights) == trained
        assert [weight.path for weight in layer.weights][-1].endswith("/embedding_weights")
    del labels


def test_numbers_in_lists_are_of_any_precision() -> None:
    color = fc.categorical_column_with_vocabulary_list("color", ["red", "blue"])
    weighted = fc.indicator_column(fc.weighted_categorical_column(color, "weight"))
    found = FeatureColumns([weighted])({"color": ["red", "blue"], "weight": [2.0, 3]})
    assert found.numpy().tolist() == [[2, 0], [0, 3]]
    visits = fc.indicator_column(fc.sequence_categorical_column_with_identity("visits", 2))
    layer = SequenceFeatures([fc.sequence_numeric_column("read"), visits])
    sequences, lengths = layer({"read": [[0.0, 0.5]], "visits": [[1, 0]]})
    assert sequences.numpy().tolist() == [[[0, 0, 1], [0.5, 1, 0]]]
    assert lengths.numpy().tolist() == [2]
