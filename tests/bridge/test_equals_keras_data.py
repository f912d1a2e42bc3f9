"""Several inputs and outputs, strings, weights: the bridge and Keras come to the same."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.bridge.conftest import Arrays
from tests.bridge.keras_reference import (
    Data,
    assert_equals_keras,
    assert_evaluates_as_keras,
    batches,
)

SPECIES = np.array(["setosa", "versicolor", "virginica"])
# Of the output `size` a number is asked, of `kind` a species.
LOSSES = {"size": "mse", "kind": "sparse_categorical_crossentropy"}
METRICS = {"size": ["mae"], "kind": ["accuracy"]}
WEIGHTS = {"size": 0.3, "kind": 2.0}


def two_in_two_out(as_dict: bool = False, **compiled: Any) -> keras.Model:
    """Asks for sepals and petals `[batch, 2]`; answers with a size and a kind."""
    sepal, petal = keras.Input((2,), name="sepal"), keras.Input((2,), name="petal")
    hidden = layers.Concatenate()([layers.Dense(4, "tanh")(sepal), layers.Dense(3, "tanh")(petal)])
    size = layers.Dense(1, name="size")(hidden)
    kind = layers.Dense(3, "softmax", name="kind")(hidden)
    outputs = {"size": size, "kind": kind} if as_dict else [size, kind]
    model = keras.Model([sepal, petal], outputs)
    model.compile(**{"optimizer": "adam", "loss": LOSSES, "metrics": METRICS, **compiled})
    return model


@pytest.fixture
def parts(flowers: Arrays) -> dict[str, Any]:
    """The flowers cut up: `sepal`, `petal` `[30, 2]`, `size` `[30, 1]`, `kind` `[30]`."""
    features, species = flowers
    size = features.sum(axis=1, keepdims=True)
    return {"sepal": features[:, :2], "petal": features[:, 2:], "size": size, "kind": species}


def named(parts: dict[str, Any], *weights: Any) -> Data:
    x = {name: parts[name] for name in ("sepal", "petal")}
    y = {name: parts[name] for name in ("size", "kind")}
    return batches(x, y, *weights)


def listed(parts: dict[str, Any], *weights: Any) -> Data:
    x, y = (parts["sepal"], parts["petal"]), (parts["size"], parts["kind"])
    return batches(x, y, *weights)


@pytest.mark.parametrize(
    "compiled",
    [
        pytest.param({}, id="a loss for each"),
        pytest.param({"loss_weights": WEIGHTS}, id="loss weights by name"),
        pytest.param(
            {"loss": list(LOSSES.values()), "loss_weights": [0.3, 2.0], "metrics": [["mae"], []]},
            id="loss weights in a list",
        ),
    ],
)
def test_two_inputs_and_two_outputs_in_lists(
    compiled: dict[str, Any], parts: dict[str, Any], tmp_path: Path
) -> None:
    assert_equals_keras(lambda: two_in_two_out(**compiled), listed(parts), tmp_path)


def test_two_inputs_and_two_outputs_by_name(parts: dict[str, Any], tmp_path: Path) -> None:
    """Without loss weights: as below, where the examples have weights."""
    build = lambda: two_in_two_out(True, loss_weights=WEIGHTS)  # noqa: E731
    assert_equals_keras(build, named(parts), tmp_path)


WEIGHTED = {"weighted_metrics": ["accuracy"], "metrics": ["accuracy"]}


def weighted_classifier() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", **WEIGHTED)
    return model


@pytest.fixture
def weights() -> Any:
    """Weights of 30 flowers, some of them 0."""
    return np.maximum(np.random.default_rng(3).uniform(-0.5, 2, 30), 0).astype("float32")


def test_sample_weights(flowers: Arrays, weights: Any, tmp_path: Path) -> None:
    assert_evaluates_as_keras(weighted_classifier, batches(*flowers, weights), tmp_path)


def test_sample_weights_of_several_outputs_in_a_list(
    parts: dict[str, Any], weights: Any, tmp_path: Path
) -> None:
    data = listed(parts, (weights, 1 - weights / 2))
    compiled: dict[str, Any] = {"metrics": [[], []], "weighted_metrics": [["mae"], ["accuracy"]]}
    compiled["loss"] = list(LOSSES.values())
    assert_evaluates_as_keras(lambda: two_in_two_out(**compiled), data, tmp_path)


def test_sample_weights_of_several_outputs_by_name(
    parts: dict[str, Any], weights: Any, tmp_path: Path
) -> None:
    data = named(parts, {"size": weights, "kind": 1 - weights / 2})
    assert_evaluates_as_keras(lambda: two_in_two_out(True), data, tmp_path)


def test_one_sample_weight_for_several_outputs(
    parts: dict[str, Any], weights: Any, tmp_path: Path
) -> None:
    assert_evaluates_as_keras(lambda: two_in_two_out(True), named(parts, weights), tmp_path)


def test_strings_and_integers(flowers: Arrays, tmp_path: Path) -> None:
    """A string looked up and embedded, an integer embedded, a number."""
    features, species = flowers

    def build() -> keras.Model:
        name = keras.Input((), dtype="string", name="name")
        width = keras.Input((), dtype="int64", name="width")
        length = keras.Input((1,), name="length")
        looked_up = layers.StringLookup(vocabulary=list(SPECIES))(name)
        embedded = [layers.Embedding(4, 2)(looked_up), layers.Embedding(10, 3)(width), length]
        answer = layers.Dense(1)(layers.Concatenate()(embedded))
        model = keras.Model([name, width, length], answer)
        model.compile("adam", "mse", metrics=["mae"])
        return model

    x = {
        "name": SPECIES[species],
        "width": features[:, 3].astype("int64"),
        "length": features[:, :1],
    }
    assert_equals_keras(build, batches(x, features[:, 2:3]), tmp_path)


def test_text_in_the_model(flowers: Arrays, tmp_path: Path) -> None:
    _, species = flowers
    texts = np.array([[f"an iris {SPECIES[s]}"] for s in species])

    def build() -> keras.Model:
        vectorize = layers.TextVectorization(output_sequence_length=3)
        vectorize.adapt(texts)
        embed = layers.Embedding(vectorize.vocabulary_size(), 4)
        pooled = [vectorize, embed, layers.GlobalAveragePooling1D(), layers.Dense(3, "softmax")]
        model = keras.Sequential([keras.Input((1,), dtype="string"), *pooled])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    assert_equals_keras(build, batches(texts, species), tmp_path)


def test_sparse_labels_in_one_hot_form(flowers: Arrays, tmp_path: Path) -> None:
    features, species = flowers

    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
        model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
        return model

    assert_equals_keras(build, batches(features, tf.one_hot(species, 3)), tmp_path)
