"""Steps of the user's own are called as Keras calls them, and what they return is reported."""

from typing import Any

import keras
import pytest
import tensorflow as tf

from tests.bridge.conftest import Arrays


class OwnSteps(keras.Sequential):
    """Written as in Keras's guides: the data are unpacked into two."""

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            outputs = self(x, training=True)
            loss = self.compute_loss(x, y, outputs)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return {"loss": loss, **self._without_loss(x, y, outputs)}

    def test_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        outputs = self(x, training=False)
        return {"loss": self.compute_loss(x, y, outputs), **self._without_loss(x, y, outputs)}

    def _without_loss(self, x: Any, y: Any, outputs: Any) -> dict[str, Any]:
        found = self.compute_metrics(x, y, outputs)
        return {name: value for name, value in found.items() if name != "loss"}


class TrackedLoss(keras.Sequential):
    """Returns what Keras returns."""

    def test_step(self, data: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().test_step(data)
        return found


@pytest.fixture
def layers() -> list[keras.layers.Layer]:
    return [keras.Input((4,), name="iris_input"), keras.layers.Dense(3, activation="softmax")]


def compiled(model: keras.Model) -> keras.Model:
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_metrics_are_those_of_keras_and_a_loss_is_averaged_over_batches(
    layers: Any, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    model = compiled(OwnSteps(layers))
    result = make_estimator(model).evaluate(input_fn)
    plain = compiled(keras.Sequential([keras.Input((4,), name="iris_input"), *model.layers]))
    expected = make_estimator(plain, "plain").evaluate(input_fn)
    assert result["accuracy"] == pytest.approx(expected["accuracy"])
    assert result["loss"] == pytest.approx(expected["loss"], rel=1e-6)


def test_a_loss_that_keras_tracks_is_taken_from_there(
    layers: Any, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    model = compiled(TrackedLoss(layers))
    expected = model.evaluate(*flowers, batch_size=8, verbose=0, return_dict=True)
    result = make_estimator(model).evaluate(input_fn)
    assert result["loss"] == pytest.approx(expected["loss"], rel=1e-6)
    assert result["accuracy"] == pytest.approx(expected["accuracy"])


def test_it_trains(layers: Any, endless: Any, input_fn: Any, make_estimator: Any) -> None:
    estimator = make_estimator(compiled(OwnSteps(layers)))
    before = estimator.evaluate(input_fn)["loss"]
    assert estimator.train(endless, steps=50).evaluate(input_fn)["loss"] < before
