"""Whatever a model is compiled with, the bridge and Keras come to the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers

from tests.bridge.conftest import Arrays
from tests.bridge.keras_reference import (
    assert_evaluates_as_keras,
    assert_trains_as_keras,
    batches,
    estimator_of,
)


def network(*hidden: Any) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, activation="relu"),
            *hidden,
            layers.Dense(3, activation="softmax", name="probs"),
        ]
    )


def compiled(**settings: Any) -> Callable[[], keras.Model]:
    """A function that builds the network anew; optimizers are functions, as each serves once."""

    def build() -> keras.Model:
        optimizer = settings.get("optimizer", optimizers.Adam)
        model = network()
        model.compile(
            **{"loss": "sparse_categorical_crossentropy", **settings, "optimizer": optimizer()}
        )
        return model

    return build


@pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(
            lambda: optimizers.SGD(
                optimizers.schedules.ExponentialDecay(0.5, 2, 0.5), momentum=0.9, nesterov=True
            ),
            id="schedule, momentum",
        ),
        pytest.param(
            lambda: optimizers.RMSprop(0.01, centered=True, clipvalue=0.01),
            id="RMSprop, clipvalue",
        ),
        pytest.param(
            lambda: optimizers.Adam(0.01, amsgrad=True, clipnorm=0.1), id="amsgrad, clipnorm"
        ),
        pytest.param(
            lambda: optimizers.AdamW(0.01, weight_decay=0.1, global_clipnorm=0.1),
            id="AdamW, global_clipnorm",
        ),
        pytest.param(lambda: optimizers.Adagrad(0.1), id="Adagrad"),
        pytest.param(lambda: optimizers.Ftrl(0.1), id="Ftrl"),
        pytest.param(lambda: optimizers.Nadam(0.01), id="Nadam"),
        pytest.param(lambda: optimizers.Lion(0.01), id="Lion"),
        pytest.param(lambda: optimizers.Adafactor(0.1), id="Adafactor"),
        pytest.param(lambda: optimizers.Muon(0.01), id="Muon"),
        pytest.param(
            lambda: optimizers.SGD(0.1, gradient_accumulation_steps=2), id="accumulated gradients"
        ),
        pytest.param(
            lambda: optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5), id="moving averages"
        ),
        pytest.param(
            lambda: optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=4),
            id="moving averages, taken over each 4 steps",
        ),
        pytest.param(
            lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01)), id="scaled loss"
        ),
    ],
)
def test_optimizers(optimizer: Callable[[], Any], flowers: Arrays, tmp_path: Path) -> None:
    assert_trains_as_keras(compiled(optimizer=optimizer), batches(*flowers), tmp_path)


def one_minus_probability(y_true: Any, y_pred: Any) -> Any:
    """A loss as a function: how far the right species is from certain."""
    right = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32"), 3)
    return 1.0 - keras.ops.sum(right * y_pred, axis=-1)


class Scaled(keras.losses.Loss):
    """A loss as a class."""

    def __init__(self, factor: float) -> None:
        super().__init__(name="scaled")
        self.factor = factor

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.factor * one_minus_probability(y_true, y_pred)


class Certainty(keras.metrics.Metric):
    """A metric as a class: the largest probability given to any species."""

    def __init__(self) -> None:
        super().__init__(name="certainty")
        self.largest = self.add_weight(name="largest", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.largest.assign(keras.ops.maximum(self.largest, keras.ops.max(y_pred)))

    def result(self) -> Any:
        return self.largest


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"loss": one_minus_probability}, id="a function as loss"),
        pytest.param({"loss": Scaled(2.0)}, id="a class as loss"),
        pytest.param(
            {
                "metrics": lambda: [
                    *[one_minus_probability, Certainty()],
                    *["acc", "sparse_categorical_crossentropy"],
                ]
            },
            id="a function, a class and names as metrics",
        ),
    ],
)
def test_losses_and_metrics_of_ones_own(
    settings: dict[str, Any], flowers: Arrays, tmp_path: Path
) -> None:
    def build() -> keras.Model:
        made = {**settings}
        if callable(metrics := settings.get("metrics")):  # as metrics serve one model each
            made["metrics"] = metrics()
        return compiled(**made)()

    assert_evaluates_as_keras(build, batches(*flowers), tmp_path)


MANY = [
    "binary_accuracy",
    "binary_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "hinge",
    "kl_divergence",
    "mae",
    "mape",
    "mse",
    "msle",
    "poisson",
    "squared_hinge",
    "top_k_categorical_accuracy",
]


def test_metrics_that_are_vectors_are_in_results_and_on_no_chart(
    flowers: Arrays, tmp_path: Path, scalars: Any
) -> None:
    features, species = flowers
    data = batches(features, np.eye(3, dtype="float32")[species])
    scores = keras.metrics.F1Score(average=None, name="scores")
    model = compiled(loss="categorical_crossentropy", metrics=[scores, "mae"])()
    estimator = estimator_of(model, tmp_path).train(data)
    assert estimator.evaluate(data)["scores"].shape == (3,)
    assert set(scalars(estimator.model_dir)) == {"loss", "mae"}
    assert set(scalars(estimator.eval_dir())) == {"loss", "mae"}


def test_metrics_of_all_kinds(flowers: Arrays, tmp_path: Path) -> None:
    """By name; precision, recall, area under a curve; one F1 score for each species."""

    def build() -> keras.Model:
        metrics = [
            *MANY,
            keras.metrics.Precision(thresholds=[0.3, 0.6], name="precision"),
            keras.metrics.Recall(name="recall"),
            keras.metrics.AUC(curve="PR", name="area"),
            keras.metrics.F1Score(average=None),
            keras.metrics.TopKCategoricalAccuracy(2, name="top 2"),
        ]
        return compiled(loss="categorical_crossentropy", metrics=metrics)()

    features, species = flowers
    one_hot = np.eye(3, dtype="float32")[species]
    assert_evaluates_as_keras(build, batches(features, one_hot), tmp_path)


class WithOwnLoss(layers.Layer):
    """Adds to the loss what it sees, and keeps a metric of it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = keras.metrics.Mean(name="seen")

    def call(self, inputs: Any) -> Any:
        size = keras.ops.mean(inputs**2)
        self.add_loss(0.1 * size)
        self.seen.update_state(size)
        return inputs


def test_losses_of_layers(flowers: Arrays, tmp_path: Path) -> None:
    """By add_loss, with a metric; of what a layer answers and of its weights; and a constraint."""

    def build() -> keras.Model:
        model = network(
            WithOwnLoss(),
            layers.ActivityRegularization(l2=0.1),
            layers.Dense(4, kernel_regularizer="l1l2", bias_regularizer="l2"),
            layers.Dense(4, kernel_constraint="max_norm"),
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    assert_evaluates_as_keras(build, batches(*flowers), tmp_path)
