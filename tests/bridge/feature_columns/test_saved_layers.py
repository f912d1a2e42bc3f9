"""Layers of feature columns are saved and loaded: settings, weights, vocabularies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.feature_columns import (
    DenseFeatures,
    FeatureColumns,
    LinearModel,
    SequenceFeatures,
    shared_embeddings,
)
from tests.bridge.feature_columns import variants

fc = tf.feature_column
pytestmark = pytest.mark.slow


@keras.saving.register_keras_serializable("tests")
def halved(x: Any) -> Any:
    return x / 2


def doubled(x: Any) -> Any:
    return x * 2


@pytest.fixture
def vocabulary(tmp_path: Path) -> Path:
    path = tmp_path / "colors.txt"
    path.write_text("\n".join(variants.COLORS) + "\n", encoding="utf-8")
    return path


def test_every_kind_of_column_survives_json(vocabulary: Path) -> None:
    features = variants.tensors(variants.rows(20))
    made: list[Any] = [DenseFeatures(one) for one in variants.dense(str(vocabulary)).values()]
    made += [DenseFeatures(variants.shared(shared_embeddings), trainable=False, name="both")]
    made += [LinearModel(one, 2, "mean") for one in variants.linear(str(vocabulary)).values()]
    made += [SequenceFeatures(one) for one in variants.sequences().values()]
    named = {"standardized": variants.standardized}
    for layer in made:
        expected = tf.nest.flatten(layer(features))
        config = json.loads(json.dumps(layer.get_config()))
        again = type(layer).from_config(config, custom_objects=named)
        again.build()
        again.set_weights(layer.get_weights())
        assert again.get_config() == layer.get_config()
        for one, other in zip(tf.nest.flatten(again(features)), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_keras_file_brings_its_vocabulary(vocabulary: Path, tmp_path: Path) -> None:
    of_color = fc.categorical_column_with_vocabulary_file(
        "color", str(vocabulary), vocabulary_size=4, default_value=1
    )
    age = fc.numeric_column("age", normalizer_fn=halved)
    crossed = fc.crossed_column([of_color, fc.bucketized_column(age, [1.0])], 9)
    columns = [age, fc.embedding_column(of_color, 2), fc.indicator_column(crossed)]
    rows = {
        "color": tf.constant([["blue"], ["zzz"], [""]]),
        "age": tf.constant([[1.0], [2.0], [3.0]]),
    }
    inputs = {
        "color": keras.Input((1,), dtype="string", name="color"),
        "age": keras.Input((1,), name="age"),
    }

    def functional() -> keras.Model:
        both = keras.layers.Concatenate()([FeatureColumns(columns)(inputs), linear()(inputs)])
        return keras.Model(inputs, both)

    def linear() -> keras.Model:
        return LinearModel([of_color, age], name="wide")

    def sequential() -> keras.Model:
        return keras.Sequential([FeatureColumns(columns), keras.layers.Dense(1)])

    kinds: list[Callable[[], keras.Model]] = [functional, linear, sequential]
    saved = []
    for number, build in enumerate(kinds):
        model = build()
        model(rows)
        model.set_weights([variants.pattern(weight.shape) for weight in model.weights])
        model.save(tmp_path / f"{number}.keras")
        saved.append(model(rows))
    vocabulary.unlink()
    for number, expected in enumerate(saved):
        model = keras.saving.load_model(tmp_path / f"{number}.keras")
        np.testing.assert_array_equal(model(rows), expected)
        model.save(tmp_path / "again.keras")
    again = keras.saving.load_model(tmp_path / "again.keras")
    np.testing.assert_array_equal(again(rows), saved[-1])


def test_functions_need_a_name_to_be_saved() -> None:
    with pytest.raises(ValueError, match="'age' cannot be saved: its normalizer_fn is a lambda"):
        FeatureColumns([fc.numeric_column("age", normalizer_fn=lambda x: x)]).get_config()
    config = FeatureColumns([fc.numeric_column("age", normalizer_fn=doubled)]).get_config()
    with pytest.raises(ValueError, match="'age' is normalized by the function 'doubled'"):
        FeatureColumns.from_config(config)
    with keras.saving.custom_object_scope({"doubled": doubled}):
        assert FeatureColumns.from_config(config)({"age": [3.0]}).numpy().tolist() == [[6.0]]


def test_initializers_of_keras_and_tensorflow_are_saved() -> None:
    city = fc.categorical_column_with_hash_bucket("city", 4)
    for initializer, value in (
        (keras.initializers.Constant(2.0), 2.0),
        (tf.constant_initializer(3.0), 3.0),
        (tf.compat.v1.zeros_initializer(), 0.0),
        (tf.ones_initializer, 1.0),
    ):
        layer = FeatureColumns([fc.embedding_column(city, 1, initializer=initializer)])
        again = FeatureColumns.from_config(json.loads(json.dumps(layer.get_config())))
        for one in (layer, again):
            assert one({"city": ["Roma"]}).numpy().tolist() == [[value]]
    he = fc.embedding_column(city, 2, initializer=keras.initializers.HeNormal(seed=1))
    again = FeatureColumns.from_config(FeatureColumns([he]).get_config())
    np.testing.assert_array_equal(
        again({"city": ["Roma"]}), FeatureColumns([he])({"city": ["Roma"]})
    )


def test_a_checkpoint_of_tensorflow_holds_the_weights(tmp_path: Path) -> None:
    city = fc.categorical_column_with_hash_bucket("city", 4)
    shared = shared_embeddings([city], 3, shared_embedding_collection_name="places")
    columns = [fc.embedding_column(city, 2), *shared]
    one, other = FeatureColumns(columns), FeatureColumns(columns)
    features = {"city": ["Roma", "Zürich"]}
    expected = one(features)
    assert not np.allclose(other(features), expected)
    path = tf.train.Checkpoint(layer=one).save(str(tmp_path / "layer"))
    tf.train.Checkpoint(layer=other).restore(path).assert_consumed()
    np.testing.assert_array_equal(other(features), expected)
