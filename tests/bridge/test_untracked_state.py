"""A checkpoint holds all state, also what Keras does not list."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.bridge.conftest import build_model


class Counting(keras.layers.Layer):
    """Grows with each training step, by a variable of TensorFlow's."""

    def build(self, input_shape: Any) -> None:
        self.calls = tf.Variable(0.0, trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self.calls.assign_add(1.0)
        return inputs * (1.0 + self.calls / 100.0)


class TwoOptimizers(keras.Sequential):
    """Trains its last layer with an optimizer of its own."""

    def __init__(self, layers: Any) -> None:
        super().__init__(layers)
        self.last_optimizer = keras.optimizers.Adam(0.05)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        first, last = self.trainable_weights[:-2], self.trainable_weights[-2:]
        gradients = tape.gradient(loss, [*first, *last])
        self.optimizer.apply_gradients(zip(gradients[:-2], first, strict=True))
        self.last_optimizer.apply_gradients(zip(gradients[-2:], last, strict=True))
        return {"loss": loss}


def two_optimizers() -> keras.Model:
    keras.utils.set_random_seed(1)
    model = TwoOptimizers([keras.layers.Dense(5, name="iris"), keras.layers.Dense(3, name="last")])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def counting() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(Counting(name="counting"))


def resumed_equals_unbroken(make: Any, endless: Any, make_estimator: Any) -> list[str]:
    unbroken = make_estimator(make(), "unbroken").train(endless, max_steps=8)
    make_estimator(make(), "resumed").train(endless, max_steps=4)
    resumed = make_estimator(make(), "resumed").train(endless, max_steps=8)
    names: list[str] = unbroken.get_variable_names()
    for name in names:
        ours, theirs = resumed.get_variable_value(name), unbroken.get_variable_value(name)
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    return names


def test_a_layers_own_variable_is_resumed(endless: Any, make_estimator: Any) -> None:
    assert "counting/calls" in resumed_equals_unbroken(counting, endless, make_estimator)


def test_a_second_optimizer_is_resumed(endless: Any, input_fn: Any, make_estimator: Any) -> None:
    names = resumed_equals_unbroken(two_optimizers, endless, make_estimator)
    assert "optimizer/last_optimizer/last/kernel/momentum" in names
    evaluated = make_estimator(two_optimizers(), "resumed").evaluate(input_fn)
    assert evaluated["global_step"] == 8
