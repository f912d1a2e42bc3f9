"""Steps that a model brings itself, and what counts as a step."""

from collections.abc import Callable
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
    assert_same_weights,
    batches,
    estimator_of,
    twins,
)


def graph(kind: type[keras.Model]) -> keras.Model:
    """A small network as a functional model of this class, not compiled."""
    x = keras.Input((4,), name="iris")
    hidden = layers.Dense(5, activation="relu")(x)
    return kind(x, layers.Dense(3, activation="softmax", name="probs")(hidden))


class OwnSteps(keras.Model):
    """Smooths the labels when it trains, and answers with more than its outputs."""

    def train_step(self, data: Any) -> Any:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = 0.9 * tf.one_hot(y, 3) + 0.1 / 3
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._reported(loss, y, y_pred)

    def test_step(self, data: Any) -> Any:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = tf.one_hot(y, 3)
        y_pred = self(x, training=False)
        return self._reported(self.compute_loss(x, y, y_pred), y, y_pred)

    def predict_step(self, data: Any) -> Any:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        return {"probs": y_pred, "species": tf.argmax(y_pred, axis=-1)}

    def _reported(self, loss: Any, y: Any, y_pred: Any) -> Any:
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


class OwnLoss(keras.Model):
    """Overrides what Keras's own steps call; without `training`, as before Keras 3.3."""

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> Any:
        right = tf.gather(y_pred, y, batch_dims=1)
        return tf.reduce_mean(1.0 - right)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.sure.update_state(tf.reduce_max(y_pred, axis=-1))
        return {**super().compute_metrics(x, y, y_pred, sample_weight), "sure": self.sure.result()}


def own_steps() -> keras.Model:
    model = graph(OwnSteps)
    model.compile("adam", "categorical_crossentropy")
    model.accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    return model


def own_loss() -> keras.Model:
    model = graph(OwnLoss)
    model.sure = keras.metrics.Mean(name="sure")
    model.compile("adam", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("build", [own_steps, own_loss])
def test_steps_and_losses_of_the_models_own(
    build: Callable[[], keras.Model], flowers: Arrays, tmp_path: Path
) -> None:
    assert_equals_keras(build, batches(*flowers), tmp_path)


def test_predictions_and_exports_come_from_the_models_own_predict_step(
    flowers: Arrays, tmp_path: Path
) -> None:
    data = batches(*flowers)
    model = own_steps()
    estimator = estimator_of(model, tmp_path / "model_dir").train(data)
    expected = np.argmax(model(flowers[0]), axis=-1)
    np.testing.assert_array_equal([p["species"] for p in estimator.predict(data)], expected)
    served = tf.saved_model.load(estimator.export_saved_model(tmp_path / "export"))
    answer = served.signatures["serving_default"](iris=tf.constant(flowers[0]))
    np.testing.assert_array_equal(answer["species"], expected)


def unknown(data: Data) -> Data:
    """The same batches, but their number cannot be told beforehand."""
    return lambda: data().filter(lambda *_: True)


@pytest.mark.parametrize(
    ("size", "epochs"), [(10, 1), (8, 3)], ids=["whole batches", "short last batches"]
)
def test_data_of_unknown_length_makes_only_real_updates(
    size: int, epochs: int, flowers: Arrays, tmp_path: Path
) -> None:
    """`fit` of Keras 3 does one update of no data each epoch, and AdamW decays once too often."""

    def build() -> keras.Model:
        model = graph(keras.Model)
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    expected, model = twins(build)
    data = unknown(batches(*flowers, size=size))
    updates = 0
    for features, labels in data().repeat(epochs):
        expected.train_on_batch(features, labels)
        updates += 1
    estimator = estimator_of(model, tmp_path).train(lambda: data().repeat(epochs))
    assert_same_weights(model, expected)
    assert estimator.get_variable_value("global_step") == updates
    assert estimator.get_variable_value("optimizer/iteration") == updates


def test_loss_is_the_mean_over_batches_and_metrics_are_over_examples(
    flowers: Arrays, tmp_path: Path
) -> None:
    """The short last batch counts in `loss` as much as a whole one, as in tf.estimator."""
    model = graph(keras.Model)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    data = batches(*flowers, size=8)
    loss = keras.losses.SparseCategoricalCrossentropy()
    losses = [loss(y, model(x)) for x, y in data()]
    result = estimator_of(model, tmp_path).evaluate(data)
    assert result["loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    right = np.argmax(model(flowers[0]), axis=-1) == flowers[1]
    assert result["accuracy"] == pytest.approx(right.mean(), rel=1e-6)


def test_statistics_of_batches_move_in_training_only(flowers: Arrays, tmp_path: Path) -> None:
    data = batches(*flowers)
    statistical = layers.BatchNormalization()
    model = keras.Sequential([keras.Input((4,)), statistical, layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    statistics = statistical.moving_mean
    estimator = estimator_of(model, tmp_path)
    before = statistics.numpy()
    estimator.evaluate(data)
    list(estimator.predict(data))
    np.testing.assert_array_equal(statistics, before)
    estimator.train(data)
    trained = statistics.numpy()
    assert not np.array_equal(trained, before)
    estimator.evaluate(data)
    list(estimator.predict(data))
    np.testing.assert_array_equal(statistics, trained)
