"""The layers, initializers, regularizers and columns, each in a graph with a session."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from kerasrun.compat import contrib

pytestmark = pytest.mark.slow
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(3, 6, 6, 2)).astype("float32")


@pytest.fixture(autouse=True)
def _in_a_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        yield


def computed(*tensors: Any) -> list[Any]:
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        return list(session.run(tensors))


def names() -> list[str]:
    return [each.op.name for each in contrib.framework.get_model_variables()]


def test_layers_compute_what_they_say_under_their_old_names() -> None:
    layers = contrib.layers
    dense = layers.fully_connected(IMAGES[:, 0], 4, variables_collections={"weights": ["w"]})
    image = layers.conv2d(IMAGES, 3, [3, 3], stride=2, activation_fn=None)
    one = tf.ones_initializer()
    ones = layers.conv2d(IMAGES, 1, 3, padding="valid", weights_initializer=one, scope="ones")
    best, mean = layers.max_pool2d(IMAGES, 2), layers.avg_pool2d(IMAGES, [6, 6])
    assert names() == [
        *("fully_connected/weights", "fully_connected/biases"),
        *("Conv/weights", "Conv/biases", "ones/weights", "ones/biases"),
    ]
    kernel = tf.get_collection("w")
    assert [each.op.name for each in kernel] == ["fully_connected/weights"]
    found = computed(dense, kernel[0], ones, best, mean)
    np.testing.assert_allclose(found[0], np.maximum(IMAGES[:, 0] @ found[1], 0), atol=1e-6)
    assert dense.shape.as_list() == [3, 6, 4]
    assert image.shape.as_list() == [3, 3, 3, 3]
    expected = np.maximum(IMAGES[:, :3, :3].sum(axis=(1, 2, 3)), 0)
    np.testing.assert_allclose(found[2][:, 0, 0, 0], expected, atol=1e-5)
    np.testing.assert_allclose(found[3][:, 0, 0], IMAGES[:, :2, :2].max(axis=(1, 2)))
    np.testing.assert_allclose(found[4][:, 0, 0], IMAGES.mean(axis=(1, 2)), atol=1e-6)


def test_normalization_by_batch_and_by_example() -> None:
    layers = contrib.layers
    training = tf.placeholder(tf.bool, [])
    outputs = layers.batch_norm(IMAGES, decay=0.9, scale=True, is_training=training)
    at_once = layers.batch_norm(IMAGES, decay=0.9, updates_collections=None, scope="at_once")
    by_example = layers.layer_norm(IMAGES)
    assert names() == [
        *(f"BatchNorm/{each}" for each in ("beta", "gamma", "moving_mean", "moving_variance")),
        *(f"at_once/{each}" for each in ("beta", "moving_mean", "moving_variance")),
        *("LayerNorm/beta", "LayerNorm/gamma"),
    ]
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    moving = contrib.framework.get_variables("BatchNorm", suffix="moving_variance")
    twin = contrib.framework.get_variables("at_once", suffix="moving_variance")
    mean, variance = IMAGES.mean(axis=(0, 1, 2)), IMAGES.var(axis=(0, 1, 2))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        unchanged = session.run(outputs, {training: False})
        np.testing.assert_allclose(unchanged, IMAGES / np.sqrt(1.001), atol=1e-5)
        normal, twins, _ = session.run([outputs, at_once, updates], {training: True})
        np.testing.assert_allclose(normal, (IMAGES - mean) / np.sqrt(variance + 1e-3), atol=1e-5)
        np.testing.assert_allclose(twins, normal, atol=1e-6)
        of_sample = 0.9 + 0.1 * variance * 108 / 107
        moved, twins = session.run([moving[0], twin[0]])
        np.testing.assert_allclose(moved, twins, atol=1e-6)
        np.testing.assert_allclose(session.run(moving[0]), of_sample, atol=1e-6)
        session.run(updates, {training: False})
        np.testing.assert_allclose(session.run(moving[0]), of_sample, atol=1e-6)
        answer = session.run(by_example)
    np.testing.assert_allclose(answer.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(answer.std(axis=(1, 2, 3)), 1, atol=1e-5)


def test_scopes_of_arguments_and_layers_of_layers() -> None:
    layers, framework = contrib.layers, contrib.framework
    with framework.arg_scope([layers.conv2d, layers.fully_connected], activation_fn=None) as outer:
        with framework.arg_scope([layers.conv2d], kernel_size=1):
            net = layers.repeat(IMAGES, 2, layers.conv2d, 3, scope="convs")
        layers.fully_connected(net, 2, normalizer_fn=layers.batch_norm, scope="top")
    with framework.arg_scope(outer):
        linear = layers.fully_connected(-IMAGES, 2, scope="again")
    assert names()[:4] == [
        *("convs/convs_1/weights", "convs/convs_1/biases"),
        *("convs/convs_2/weights", "convs/convs_2/biases"),
    ]
    assert names()[4:7] == ["top/weights", "top/BatchNorm/beta", "top/BatchNorm/moving_mean"]
    assert computed(linear)[0].min() < 0
    assert computed(layers.fully_connected(-IMAGES, 2))[0].min() == 0
    assert "activation_fn" in framework.arg_scoped_arguments(layers.conv2d)
    with (
        pytest.raises(ValueError, match="'relu' is not decorated with @add_arg_scope"),
        framework.arg_scope([tf.nn.relu], x=1),
    ):
        pass


def test_small_layers() -> None:
    layers = contrib.layers
    kept = layers.dropout(tf.ones([1000]), 0.8, is_training=tf.constant(True))
    same = layers.dropout(tf.ones([4]), is_training=tf.placeholder_with_default(False, []))
    unknown = tf.placeholder_with_default(IMAGES, [None, None, 6, 2])
    found = computed(
        kept,
        same,
        layers.flatten(unknown),
        layers.one_hot_encoding([1, 0], 3),
        layers.unit_norm([[3.0, 4.0]], 1),
        layers.softmax([[0.0, 0.0]]),
    )
    assert set(np.unique(found[0])) == {0.0, np.float32(1.25)}
    assert 700 < np.count_nonzero(found[0]) < 900
    assert found[1].tolist() == [1.0] * 4
    np.testing.assert_array_equal(found[2], IMAGES.reshape(3, -1))
    assert layers.flatten(tf.placeholder(tf.float32, [None, 2, 3])).shape.as_list() == [None, 6]
    assert found[3].tolist() == [[0, 1, 0], [1, 0, 0]]
    np.testing.assert_allclose(found[4], [[0.6, 0.8]], atol=1e-5)
    assert found[5].tolist() == [[0.5, 0.5]]


def test_initial_weights_and_losses_of_weights() -> None:
    layers = contrib.layers
    uniform, normal, fan_in = computed(
        layers.xavier_initializer()([300, 100]),
        layers.xavier_initializer(uniform=False)([300, 100]),
        layers.variance_scaling_initializer()([3, 3, 10, 200]),
    )
    assert np.abs(uniform).max() <= np.sqrt(6 / 400)
    assert uniform.std() == pytest.approx(np.sqrt(1 / 200), rel=0.02)
    assert normal.std() == pytest.approx(np.sqrt(1 / 200), rel=0.02)
    assert fan_in.std() == pytest.approx(np.sqrt(2 / 90), rel=0.02)
    weights = tf.constant([3.0, -4.0])
    both = layers.l1_l2_regularizer(0.5, 0.1)
    total = layers.apply_regularization(both, [weights, weights])
    assert computed(both(weights), total) == pytest.approx([4.75, 9.5])
    assert layers.l2_regularizer(0.0)(weights) is None
    assert layers.sum_regularizer([None]) is None
    assert tf.losses.get_regularization_losses() == [total]
    with pytest.raises(ValueError, match=r"l1_regularizer: scale must be a float.* received 1"):
        layers.l1_regularizer(1)


def test_the_older_columns() -> None:
    layers = contrib.layers
    words = layers.sparse_column_with_keys("word", ["a", "b"])
    number = layers.sparse_column_with_integerized_feature("number", 4)
    hashed = layers.sparse_column_with_hash_bucket("city", 100)
    size = layers.real_valued_column("size", dimension=2)
    columns = [
        size,
        layers.one_hot_column(words),
        layers.embedding_column(number, 3),
        layers.bucketized_column(layers.real_valued_column("age"), [18, 65]),
        layers.one_hot_column(layers.crossed_column([words, hashed], 5)),
    ]
    spec = layers.create_feature_spec_for_parsing(columns)
    assert {name: type(each).__name__ for name, each in spec.items()} == {
        **dict.fromkeys(("size", "age"), "FixedLenFeature"),
        **dict.fromkeys(("word", "number", "city"), "VarLenFeature"),
    }
    features = {
        **{"size": [[1.0, 2.0]], "word": [["b"]], "number": [[3]], "age": [[20.0]]},
        "city": [["Bern"]],
    }
    given = {key: tf.constant(value) for key, value in features.items()}
    with tf.Session() as session:
        wide = layers.input_from_feature_columns(given, columns)
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        values = session.run(wide)
    assert values.shape == (1, 2 + 2 + 3 + 3 + 5)
    assert sorted(np.unique(values))[-1] == 2.0
    with pytest.raises(ValueError, match="dimension must be a whole number; received None"):
        layers.real_valued_column("x", None)
    with pytest.raises(ValueError, match="hashes numbers, which cannot be crossed"):
        layers.crossed_column(
            [words, layers.sparse_column_with_hash_bucket("n", 9, dtype=tf.int64)], 5
        )


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda of: of.fully_connected(IMAGES, 2.0), "num_outputs must be a whole number"),
        (lambda of: of.fully_connected(tf.placeholder(tf.float32), 2), "axis -1 of the inputs"),
        (lambda of: of.conv2d(IMAGES[0], 2, 3), r"needs inputs of four axes; .*\(6, 6, 2\)"),
        (lambda of: of.max_pool2d(IMAGES, 2, data_format="NHCW"), "must be 'NHWC' or 'NCHW'"),
        (lambda of: of.batch_norm(IMAGES, renorm=True), "renorm is not supported"),
        (lambda of: of.flatten(3.0), r"flatten needs inputs \[batch, ...\]"),
        (lambda of: of.embed_sequence([[1]]), "needs vocab_size and embed_dim"),
        (lambda of: of.xavier_initializer(dtype=tf.int32), "must be floats"),
    ],
)
def test_what_cannot_be_is_refused(layer: Any, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        layer(contrib.layers)
