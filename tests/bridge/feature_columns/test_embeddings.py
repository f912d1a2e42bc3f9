"""Tables of embeddings: shared, taken from a checkpoint, and too large to be updated whole."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.feature_columns import FeatureColumns, embedding_dimension, shared_embeddings

fc = tf.feature_column
pytestmark = pytest.mark.slow


def item(key: str, buckets: int = 5) -> Any:
    return fc.categorical_column_with_identity(key, buckets)


def test_the_dimension_is_the_fourth_root() -> None:
    found = {n: embedding_dimension(n) for n in (1, 2, 81, 1000, 1_000_000)}
    assert found == {1: 1, 2: 1, 81: 3, 1000: 6, 1_000_000: 32}


def test_columns_share_a_table_and_train_it_together() -> None:
    ones = tf.ones_initializer()
    columns = shared_embeddings([item("seen"), item("bought")], 2, initializer=ones)
    assert [column.name for column in columns] == [
        "seen_shared_embedding",
        "bought_shared_embedding",
    ]
    layer = FeatureColumns(columns, name="items")
    features = {"seen": tf.constant([[0], [1]]), "bought": tf.constant([[2], [-1]])}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(features))
    (table,) = layer.trainable_weights
    assert table.path == "items/bought_seen_shared_embedding/embedding_weights"
    gradient = tape.gradient(loss, table)
    assert isinstance(gradient, tf.IndexedSlices)
    assert tf.convert_to_tensor(gradient).numpy()[:, 0].tolist() == [1, 1, 1, 0, 0]
    other = FeatureColumns(columns)
    other(features)
    assert other.weights[0] is not table, "a layer's table is its own"


def test_shared_columns_that_were_declared_in_a_graph() -> None:
    with tf.Graph().as_default():
        columns = fc.shared_embeddings([item("seen"), item("bought")], 2)
    layer = FeatureColumns(columns)
    assert layer({"seen": [0], "bought": [1]}).shape == (1, 4)
    assert len(layer.weights) == 1


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    """A table of 5 rows, as another training left it."""
    table = tf.Variable(np.arange(10, dtype="float32").reshape(5, 2), name="table")
    saver = tf.compat.v1.train.Saver({"items/embedding_weights": table})
    path: str = saver.save(None, str(tmp_path / "old" / "model.ckpt"), global_step=7)
    return path


def test_a_table_starts_from_a_checkpoint_that_is_read_once(
    checkpoint: str, tmp_path: Path
) -> None:
    def from_checkpoint(tensor: str = "items/embedding_weights", buckets: int = 5) -> Any:
        return fc.embedding_column(
            item("seen", buckets), 2, ckpt_to_load_from=checkpoint, tensor_name_in_ckpt=tensor
        )

    shared = shared_embeddings(
        [item("bought"), item("wanted")],
        2,
        ckpt_to_load_from=str(tmp_path / "old"),
        tensor_name_in_ckpt="items/embedding_weights",
    )
    inputs = {
        key: keras.Input((1,), dtype="int64", name=key) for key in ("seen", "bought", "wanted")
    }
    model = keras.Model(inputs, FeatureColumns([from_checkpoint(), *shared])(inputs))
    features = {
        "seen": tf.constant([[4]]),
        "bought": tf.constant([[1]]),
        "wanted": tf.constant([[0]]),
    }
    assert model(features).numpy().tolist() == [[2, 3, 8, 9, 0, 1]]
    for weight in model.weights:
        weight.assign(weight + 1)
    assert model(features).numpy().tolist() == [[3, 4, 9, 10, 1, 2]], "it is not read again"

    with pytest.raises(ValueError, match=r"'seen_embedding': .* has no tensor 'items/embeding_wei"):
        FeatureColumns([from_checkpoint("items/embeding_weights")]).build()
    with pytest.raises(ValueError, match=r"shape \(6, 2\); 'items/embedding_weights' .* \(5, 2\)"):
        FeatureColumns([from_checkpoint(buckets=6)]).build()

    model.save(tmp_path / "model.keras")
    for path in (tmp_path / "old").iterdir():
        path.unlink()
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded(features).numpy().tolist() == [[3, 4, 9, 10, 1, 2]]
    with pytest.raises(FileNotFoundError, match="'seen_embedding': no checkpoint at"):
        FeatureColumns([from_checkpoint()]).build()


def test_of_a_million_rows_those_of_the_batches_change(tmp_path: Path) -> None:
    """Optimizers keep rows apart that are in no batch, and what they hold of them."""
    rows = 1_000_000
    chance = np.random.default_rng(1)
    ids = chance.integers(0, 10**9, (64, 3)).astype(str)
    ids[:, 2] = ids[:, 1]  # twice in an example
    ids[3] = ""
    labels = np.ones((64, 1), "float32")
    columns = [
        fc.embedding_column(
            fc.categorical_column_with_hash_bucket("id", rows), 4, initializer=tf.ones_initializer()
        )
    ]
    model = keras.Sequential([FeatureColumns(columns), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adagrad(0.1), "mse")
    config = tf_estimator.RunConfig(save_checkpoints_steps=None, save_checkpoints_secs=None)
    estimator = tf_estimator.model_to_estimator(model, model_dir=tmp_path, config=config)
    estimator.train(lambda: tf.data.Dataset.from_tensor_slices(({"id": ids}, labels)).batch(16))
    (table,) = model.layers[0].weights
    hashed = tf.strings.to_hash_bucket_fast(ids[ids != ""], rows).numpy()
    changed = np.unique(np.nonzero(table.numpy() != 1)[0])
    np.testing.assert_array_equal(changed, np.unique(hashed))


def test_one_value_an_example_has_the_gradient_of_several() -> None:
    """Dense features of one value are looked up in a way of their own; sparse ones are not."""
    city = fc.categorical_column_with_hash_bucket("city", 5)
    room = fc.categorical_column_with_identity("room", 3)
    columns = [fc.embedding_column(city, 2, combiner="sqrtn"), fc.embedding_column(room, 2)]
    dense = {
        "city": tf.constant([["Roma"], [""], ["Zürich"], ["Roma"]]),
        "room": tf.constant([[2], [-1], [0], [2]]),
    }
    where = tf.where(dense["city"] != "")
    sparse = {
        key: tf.SparseTensor(where, tf.gather_nd(value, where), (4, 1))
        for key, value in dense.items()
    }
    layer = FeatureColumns(columns)
    gradients = []
    for features in (dense, sparse):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(features) ** 2)
        found = tape.gradient(loss, layer.trainable_weights)
        assert all(isinstance(one, tf.IndexedSlices) for one in found)
        gradients.append([tf.convert_to_tensor(one).numpy() for one in found])
    for one, other in zip(*gradients, strict=True):
        assert np.abs(other).max() > 0
        np.testing.assert_allclose(one, other, atol=1e-6)
