"""Large tables are updated row by row, to the same result as Keras's own updates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

from kerasrun import estimator as tf_estimator
from kerasrun.bridge import sparse_updates
from tests.bridge.keras_reference import twins

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adagrad": lambda: optimizers.Adagrad(0.1),
    "adagrad-averaged": lambda: optimizers.Adagrad(0.1, use_ema=True),
    "adam": lambda: optimizers.Adam(0.01),
    "adam-amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adam-scheduled-clipped-decayed": lambda: optimizers.Adam(
        optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), clipnorm=0.01, weight_decay=0.01
    ),
    "ftrl": lambda: optimizers.Ftrl(0.1, l1_regularization_strength=0.01, beta=0.1),
    "ftrl-scheduled": lambda: optimizers.Ftrl(optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)),
    "ftrl-shrunk": lambda: optimizers.Ftrl(0.1, l2_shrinkage_regularization_strength=0.01),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "rmsprop-momentum": lambda: optimizers.RMSprop(0.01, momentum=0.8),
    "sgd": lambda: optimizers.SGD(0.1),
    "sgd-momentum": lambda: optimizers.SGD(0.1, momentum=0.9),
    "sgd-nesterov": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
}
_ROWS, _SEEN = 1200, 40


def build(optimizer: Any, rows: int = _ROWS, width: int = 16, **table: Any) -> keras.Model:
    ids = keras.Input([3], dtype="int32", name="ids")
    embedded = keras.layers.Embedding(rows, width, name="table", **table)(ids)
    model = keras.Model(ids, keras.layers.Dense(1)(keras.layers.Flatten()(embedded)))
    model.compile(optimizer, "mse")
    return model


def clicks(rows: int = _SEEN) -> tf.data.Dataset:
    """20 batches of 32: the same row often twice in an example, and one counted from the end."""
    chance = np.random.default_rng(1)
    ids = chance.integers(0, rows, (640, 3))
    ids[:, 0] = ids[:, 1]
    ids[5, 2] = -1
    labels = chance.random((640, 1)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(({"ids": ids}, labels)).batch(32)


def bare(data: tf.data.Dataset) -> tf.data.Dataset:
    return data.map(lambda x, y: (x["ids"], y))


def table_of(model: keras.Model) -> Any:
    return model.get_layer("table").embeddings.numpy()


def assert_equal_after_training(one: keras.Model, other: keras.Model) -> None:
    for mine, theirs in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-6, err_msg=mine.path)
    pairs = zip(one.optimizer.variables, other.optimizer.variables, strict=True)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-6, err_msg=mine.path)


_DECAYING = ["adam", "rmsprop-momentum", "sgd-momentum", "sgd-nesterov"]


@pytest.mark.parametrize(
    ("optimizer", "huge"),
    [*[(name, False) for name in OPTIMIZERS], *[(name, True) for name in _DECAYING]],
)
def test_a_table_is_trained_as_keras_trains_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str, *, huge: bool
) -> None:
    """A huge table's rows are looked at only from their first batch on."""
    if huge:
        monkeypatch.setattr(sparse_updates, "_HUGE", 0)
    by_keras, by_us = twins(lambda: build(OPTIMIZERS[optimizer]()))
    by_keras.fit(bare(clicks()), verbose=0, shuffle=False)
    estimator = tf_estimator.model_to_estimator(by_us, model_dir=tmp_path)
    estimator.train(clicks)
    assert_equal_after_training(by_us, by_keras)


@pytest.mark.parametrize("optimizer", ["adam"])
def test_under_xla_too(tmp_path: Path, optimizer: str) -> None:
    by_keras, by_us = twins(lambda: build(OPTIMIZERS[optimizer]()))
    by_keras.fit(bare(clicks()), verbose=0, shuffle=False)
    config = tf_estimator.RunConfig(jit_compile=True)
    tf_estimator.model_to_estimator(by_us, model_dir=tmp_path, config=config).train(clicks)
    assert_equal_after_training(by_us, by_keras)


def test_a_resumed_training_knows_which_rows_have_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half is of other rows: those of the first go on moving."""
    monkeypatch.setattr(sparse_updates, "_HUGE", 0)

    def batches() -> tf.data.Dataset:
        ids = np.repeat([[1, 2, 3], [4, 5, 6]], 32, axis=0)
        data = tf.data.Dataset.from_tensor_slices(({"ids": ids}, np.ones((64, 1), "float32")))
        return data.batch(8)

    by_keras, first = twins(lambda: build(optimizers.Adam(0.01)))
    by_keras.fit(bare(batches()), verbose=0, shuffle=False)
    tf_estimator.model_to_estimator(first, model_dir=tmp_path).train(lambda: batches().take(4))
    second = build(optimizers.Adam(0.01))
    tf_estimator.model_to_estimator(second, model_dir=tmp_path).train(lambda: batches().skip(4))
    assert_equal_after_training(second, by_keras)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
def test_ten_million_rows_train_and_rows_unseen_stay_as_they_are(
    tmp_path: Path, optimizer: str
) -> None:
    keras.utils.set_random_seed(1)
    rows = 10_000_000
    model = build(OPTIMIZERS[optimizer](), rows, 2, embeddings_initializer="ones")
    config = tf_estimator.RunConfig(save_checkpoints_steps=None, save_checkpoints_secs=None)
    estimator = tf_estimator.model_to_estimator(model, model_dir=tmp_path, config=config)
    estimator.train(lambda: clicks(rows), max_steps=20)
    seen = np.unique(np.concatenate([x["ids"] for x, _ in clicks(rows).as_numpy_iterator()]) % rows)
    changed = np.unique(np.nonzero(table_of(model) != 1)[0])
    np.testing.assert_array_equal(changed, seen)


def test_a_table_used_in_another_way_too_is_left_to_keras(tmp_path: Path) -> None:
    """Its gradient is of the whole table then."""

    class Tied(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.table = keras.layers.Embedding(_ROWS, 16, embeddings_regularizer="l2")

        def call(self, inputs: Any) -> Any:
            found = keras.ops.mean(self.table(inputs), axis=1)
            return keras.ops.matmul(found, keras.ops.transpose(self.table.embeddings))[:, :1]

    def tied() -> keras.Model:
        model = Tied()
        model.compile("adam", "mse")
        model(np.zeros((1, 3), "int32"))
        return model

    by_keras, by_us = twins(tied)

    by_keras.fit(bare(clicks()), verbose=0, shuffle=False)
    tf_estimator.model_to_estimator(by_us, model_dir=tmp_path).train(lambda: bare(clicks()))
    assert_equal_after_training(by_us, by_keras)


def test_the_model_stays_as_it_was_made(tmp_path: Path) -> None:
    model = build(optimizers.Adam(0.01))
    tf_estimator.model_to_estimator(model, model_dir=tmp_path).train(clicks, steps=2)
    assert "call" not in vars(model.get_layer("table"))
    assert "update_step" not in vars(model.optimizer)
