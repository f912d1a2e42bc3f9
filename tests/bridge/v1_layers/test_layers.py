"""Layers of TensorFlow 1: their arguments, layers as objects, and what is said of mistakes."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.bridge import v1_layers as layers
from tests.bridge.v1_layers.cases import l2, pattern

v1 = tf.compat.v1
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def given(*shape: int | None, dtype: Any = tf.float32) -> Any:
    return v1.placeholder(dtype, shape)


def values(fetches: Any, feeds: Any = None) -> Any:
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        return session.run(fetches, feeds)


def test_initializers_of_all_kinds() -> None:
    kinds: dict[str, tuple[Any, float | None]] = {
        "class": (v1.ones_initializer, 1.0),
        "instance": (v1.constant_initializer(2.0), 2.0),
        "keras": (keras.initializers.Constant(3.0), 3.0),
        "keras_class": (keras.initializers.Ones, 1.0),
        "function": (lambda shape, dtype=None, partition_info=None: tf.fill(shape, 4.0), 4.0),
        "zeros": ("zeros", 0.0),
        "he_normal": ("he_normal", None),
        "random_normal": ("random_normal", None),
        "RandomUniform": ("RandomUniform", None),
    }
    made = {}
    for name, (initializer, _) in kinds.items():
        layer = layers.Dense(300, name=name, kernel_initializer=initializer, use_bias=False)
        layer(given(None, 200))
        made[name] = layer.kernel
    found = values(made)
    for name, (_, constant) in kinds.items():
        if constant is not None:
            assert np.unique(found[name]).tolist() == [constant], name
    assert found["he_normal"].std() == pytest.approx(np.sqrt(2 / 200), rel=0.03)
    assert found["random_normal"].std() == pytest.approx(0.05, rel=0.03)
    assert found["RandomUniform"].std() == pytest.approx(0.1 / np.sqrt(12), rel=0.03)


def test_the_scope_gives_the_initializer_where_there_is_none() -> None:
    with v1.variable_scope("s", initializer=v1.constant_initializer(5.0)):
        layer = layers.Conv1D(2, 3)
        layer(given(None, 6, 2))
    assert np.unique(values(layer.kernel)).tolist() == [5.0]


@pytest.mark.parametrize("training", [False, True])
def test_channels_first_give_what_channels_last_do(training: bool) -> None:
    images, volumes, rows = pattern((2, 6, 7, 3)), pattern((2, 4, 5, 6, 2)), pattern((2, 9, 3))
    first, last = "channels_first", "channels_last"
    same: list[tuple[Any, Callable[[Any, str], Any]]] = [
        (images, lambda x, where: layers.conv2d(x, 4, 3, name="a", data_format=where)),
        (volumes, lambda x, where: layers.conv3d(x, 4, 2, name="b", data_format=where)),
        (rows, lambda x, where: layers.separable_conv1d(x, 4, 3, name="c", data_format=where)),
        (images, lambda x, where: layers.conv2d_transpose(x, 4, 3, name="d", data_format=where)),
        (images, lambda x, where: layers.max_pooling2d(x, 2, 2, data_format=where)),
        (rows, lambda x, where: layers.average_pooling1d(x, 2, 2, data_format=where)),
        (
            images,
            lambda x, where: layers.batch_normalization(
                x, 1 if where == first else -1, training=training, name="e"
            ),
        ),
    ]
    pairs = []
    with v1.variable_scope("s", reuse=v1.AUTO_REUSE):
        for inputs, apply in same:
            one = apply(tf.constant(inputs), last)
            other = apply(tf.constant(np.moveaxis(inputs, -1, 1)), first)
            assert other.shape[1] == one.shape[-1]
            pairs.append((one, other))
    for one, other in values(pairs):
        assert np.moveaxis(other, 1, -1) == pytest.approx(one, abs=1e-6)


def test_a_layer_called_twice_has_its_variables_once(graph: Any) -> None:
    layer = layers.Conv2D(4, 3, kernel_regularizer=l2(0.1), bias_constraint=tf.abs)
    first = layer(given(None, 6, 6, 2))
    again = layer.apply(given(None, 8, 8, 2))
    assert (first.op.name, again.op.name) == ("conv2d/BiasAdd", "conv2d/BiasAdd_1")
    assert layer.trainable_variables == v1.trainable_variables() == [layer.kernel, layer.bias]
    assert layer.losses == v1.losses.get_regularization_losses()
    assert len(layer.losses) == 1
    assert layer.bias.constraint is tf.abs
    assert layer.count_params() == 3 * 3 * 2 * 4 + 4
    assert (layer.name, layer.scope_name, layers.Conv2D(1, 1).name) == (
        *("conv2d", "conv2d"),
        "conv2d_1",
    )
    assert {"conv2d/kernel", "conv2d/bias"} == {v.op.name for v in v1.global_variables()}


def test_updates_are_the_layers_and_the_graphs() -> None:
    layer = layers.BatchNormalization(momentum=0.5)
    assert layer.updates == []
    layer(given(None, 3))
    assert v1.get_collection("update_ops") == []
    layer(given(None, 3), training=True)
    assert layer.updates == v1.get_collection("update_ops")
    assert len(layer.updates) == 2
    assert [v.op.name for v in layer.non_trainable_variables] == [
        "batch_normalization/moving_mean",
        "batch_normalization/moving_variance",
    ]


class Scaled(layers.Layer):
    """A layer as programs write their own."""

    def build(self, input_shape: tf.TensorShape) -> None:
        self.scale = self.add_variable("scale", [input_shape[-1]], initializer="ones")
        super().build(input_shape)

    def call(self, inputs: Any, *arguments: Any, by: float = 1.0, **named: Any) -> Any:
        self.add_loss(tf.reduce_sum(self.scale))
        return inputs * self.scale * by


def test_a_layer_of_ones_own() -> None:
    layer = Scaled(name="mine")
    outputs = layer(np.ones([2, 3], np.float32), by=3.0), layer([1.0, 2.0, 3.0][0])
    assert [v.op.name for v in layer.trainable_variables] == ["mine/scale"]
    assert values(outputs[0]).tolist() == [[3.0] * 3] * 2
    assert values(layer.losses) == [3.0, 3.0]


def test_half_precision_is_normalized_in_single() -> None:
    images = layers.batch_normalization(given(None, 4, 4, 2, dtype=tf.float16), training=True)
    rows = layers.batch_normalization(given(None, 4, dtype=tf.bfloat16), training=True)
    assert (images.dtype, rows.dtype) == (tf.float16, tf.bfloat16)
    assert {v.dtype.base_dtype for v in v1.global_variables()} == {tf.float32}


def test_dropout_keeps_the_mean_and_may_drop_all() -> None:
    ones = tf.ones([200, 100])
    some, none, rate = layers.Dropout(0.25, seed=1), layers.dropout(ones, 1.0, training=True), 0.25
    dropped = some(ones, training=tf.constant(True))
    fed = layers.dropout(ones, v1.placeholder_with_default(rate, []), training=True)
    found = values([dropped, none, fed, some(ones)])
    assert found[0].mean() == pytest.approx(1, abs=0.02)
    assert sorted(np.unique(found[0])) == pytest.approx([0, 4 / 3])
    assert not found[1].any()
    assert found[2].mean() == pytest.approx(1, abs=0.02)
    assert found[3].all()


def test_names_of_the_experimental_part_change_nothing() -> None:
    layers.experimental.set_keras_style()
    with layers.experimental.keras_style_scope(), v1.variable_scope("s"):
        layers.dense(given(None, 3), 2)
    assert {v.op.name for v in v1.global_variables()} == {"s/dense/kernel", "s/dense/bias"}
    assert layers.InputSpec(min_ndim=2, axes={-1: 3}).min_ndim == 2


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: layers.conv2d(given(None, 4), 3, 3),
        ValueError,
        r"'conv2d' takes an input of rank 4, \[batch, height, width, channels\]; got the shape",
    ),
    (
        lambda: layers.max_pooling1d(v1.placeholder(tf.float32), 2, 2, name="pool"),
        ValueError,
        r"'pool' takes an input of rank 3, \[batch, steps, channels\]; got the shape <unknown>",
    ),
    (
        lambda: layers.dense(given(None, None), 3),
        ValueError,
        r"'dense' has to know the last dimension of its input; got the shape \(None, None\). Give",
    ),
    (lambda: layers.dense(given(None), 3), ValueError, "an input of rank 2 or more"),
    (
        lambda: layers.conv1d(given(None, None, 4), 3, 3, data_format="channels_first"),
        ValueError,
        "'conv1d' has to know the dimension 1 of its input",
    ),
    (lambda: layers.batch_normalization(given(None, 3), 2), ValueError, r"normalizes the axis \[2"),
    (lambda: layers.flatten(tf.constant(1.0)), ValueError, "'flatten' takes .* got a scalar"),
    (
        lambda: layers.dense(given(None, 3, dtype=tf.int64), 3),
        TypeError,
        "takes floating-point numbers; got int64. Convert its input by tf.cast",
    ),
    (
        lambda: layers.dense({"x": given(None, 3)}, 3),
        TypeError,
        r"'dense' takes one dense tensor; got a dict with the keys \['x'\]",
    ),
    (lambda: layers.dense(given(None, 3), None), ValueError, "Dense takes as units a .* got None"),
    (
        lambda: layers.conv2d(given(None, 4, 4, 1), 3, (3, 3, 3)),
        ValueError,
        r"Conv2D takes as kernel_size a positive whole number, or 2 of them; got \(3, 3, 3\)",
    ),
    (
        lambda: layers.conv2d(given(None, 4, 4, 1), 3, 3, padding="full"),
        ValueError,
        "takes as padding one of 'valid', 'same'; got 'full'",
    ),
    (
        lambda: layers.conv2d(given(None, 4, 4, 1), 3, 3, data_format="NHWC"),
        ValueError,
        "takes as data_format one of 'channels_last', 'channels_first'; got 'NHWC'",
    ),
    (
        lambda: layers.conv2d(given(None, 9, 9, 1), 3, 3, 2, dilation_rate=2),
        ValueError,
        "strides or a dilation_rate above 1, not both",
    ),
    (lambda: layers.conv2d(given(None, 4, 4, 1), 3), TypeError, r"conv2d\(\) missing a required"),
    (lambda: layers.dropout(given(None, 3), 1.5), ValueError, "a number from 0 to 1; got 1.5"),
    (
        lambda: layers.batch_normalization(given(None, 3), renorm=True),
        ValueError,
        "BatchNormalization does not support renorm; got True. Leave it out",
    ),
    (lambda: layers.Dense(3).scope_name, ValueError, "'dense' has no scope before its first call"),
    (
        lambda: layers.dense(given(None, 3), 3, name="a", reuse=True),
        ValueError,
        "Variable a/kernel does not exist",
    ),
    (
        lambda: [layers.dense(given(None, 3), 3, name="a") for _ in range(2)],
        ValueError,
        "Variable a/kernel already exists",
    ),
]


@pytest.mark.parametrize(("mistake", "kind", "message"), MISTAKES)
def test_a_mistake_is_named(
    mistake: Callable[[], Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        mistake()
