"""Whatever a model is made of, the bridge and Keras come to the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tests.bridge.conftest import Arrays
from tests.bridge.keras_reference import (
    assert_equals_keras,
    assert_same_evaluation,
    batches,
    estimator_of,
    twins,
)


def classifier(*hidden: Any, **compiled: Any) -> keras.Model:
    """From four numbers to three species, in a row of layers."""
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **compiled)
    return model


def with_chance() -> keras.Model:
    """Random numbers with a seed and without."""
    return classifier(
        layers.Dense(5, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.3, seed=1),
        layers.GaussianNoise(0.1, seed=2),
        layers.Dropout(0.3),
    )


def frozen() -> keras.Model:
    layer = layers.Dense(4, activation="relu")
    layer.trainable = False
    return classifier(layer, layers.BatchNormalization(), layers.Dense(4))


def shared() -> keras.Model:
    x = keras.Input((4,))
    twice = layers.Dense(4, activation="tanh")
    y = layers.Dense(3, activation="softmax")(twice(twice(x)))
    model = keras.Model(x, y)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def nested() -> keras.Model:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    outer = keras.Sequential([inner, layers.Dense(4)])
    return classifier(outer, inner)


class Attending(keras.Model):
    """A subclassed model: the four numbers as a sequence that attends to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = layers.Dense(6)
        self.attend = layers.MultiHeadAttention(2, 3, dropout=0.1, seed=3)
        self.head = layers.Dense(3, activation="softmax")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        sequence = self.embed(inputs[..., None])
        attended = self.attend(sequence, sequence, training=training)
        return self.head(keras.ops.mean(attended, axis=1))


def subclassed() -> keras.Model:
    model = Attending()
    model(np.zeros((1, 4)))  # its inner layers take their random numbers when they are built
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def convolution() -> keras.Model:
    return classifier(
        layers.Reshape((2, 2, 1)),
        layers.Conv2D(3, 2, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
    )


def recurrent() -> keras.Model:
    return classifier(layers.Reshape((4, 1)), layers.LSTM(5, return_sequences=True), layers.GRU(5))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(with_chance, id="batch statistics, dropout, noise"),
        pytest.param(frozen, id="frozen layer"),
        pytest.param(shared, id="shared layer"),
        pytest.param(nested, id="nested models"),
        pytest.param(subclassed, id="subclassed, attention"),
        pytest.param(convolution, id="convolution"),
        pytest.param(recurrent, id="LSTM and GRU"),
    ],
)
def test_one_input_one_output(
    build: Callable[[], keras.Model], flowers: Arrays, tmp_path: Path
) -> None:
    assert_equals_keras(build, batches(*flowers), tmp_path)


def test_an_untrained_model_is_evaluated_as_keras_does(flowers: Arrays, tmp_path: Path) -> None:
    expected, model = twins(lambda: classifier(layers.BatchNormalization()))
    assert_same_evaluation(estimator_of(model, tmp_path), expected, batches(*flowers))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy: str, flowers: Arrays, tmp_path: Path) -> None:
    """Of float16 the loss is scaled: the optimizer is a LossScaleOptimizer."""

    def build() -> keras.Model:
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            return classifier(layers.Dense(5, activation="relu"), layers.BatchNormalization())
        finally:
            keras.config.set_dtype_policy(before)

    assert_equals_keras(build, batches(*flowers), tmp_path)
