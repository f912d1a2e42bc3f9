"""Models and data to train on one device and on several: `CASES`, functions of no arguments.

Each returns a compiled model and an input_fn. Import it when the cluster has been joined.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun.bridge.distribute.cluster import joined

L = keras.layers
STRATEGIES: list[Any] = []
ROWS = np.random.default_rng(0)
X = ROWS.normal(size=(52, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
WORDS = np.array([[f"w{i % 7}"] for i in range(52)])
TOKENS = ROWS.integers(1, 9, size=(52, 6)) * (np.arange(6) < ROWS.integers(1, 7, size=(52, 1)))


class Largest(keras.Metric):
    """A metric that cannot be added up."""

    def __init__(self, name: str = "largest", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.largest = self.add_variable(shape=(), initializer="zeros", name="largest")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.largest.assign(keras.ops.maximum(self.largest, keras.ops.max(y_pred)))

    def result(self) -> Any:
        return self.largest + 0.0


class Unlike(keras.Metric):
    """How much the answers for the first half of a batch differ from those for the second."""

    def __init__(self) -> None:
        super().__init__(name="unlike")
        self.most = self.add_variable(shape=(), initializer="zeros", name="most")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        first, second = keras.ops.split(y_pred, 2)
        self.most.assign(keras.ops.max(keras.ops.abs(first - second)))

    def result(self) -> Any:
        return self.most + 0.0


class OwnStep(keras.Model):
    """A training step of its own, with a loss of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(1)

    def call(self, x: Any) -> Any:
        return self.dense(x["x"] if isinstance(x, dict) else x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x) - y))
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss, "twice": 2 * loss}


def batches(*arrays: Any, size: int = 16) -> Callable[[], tf.data.Dataset]:
    """An input_fn; its last batch of an epoch has 4 rows."""

    def input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(arrays).shuffle(52).batch(size).repeat()

    return input_fn


def dense(*hidden: Any) -> keras.Model:
    return keras.Sequential([L.Input((4,), name="x"), *hidden, L.Dense(1, name="out")])


def compiled(model: keras.Model, *args: Any, **kwargs: Any) -> keras.Model:
    model.compile(*args, **kwargs)
    return model


def plain() -> Any:
    """The last batch of an epoch has one row: fewer than there are replicas."""
    model = dense(L.Dense(8, "relu", kernel_regularizer="l2", activity_regularizer="l2"))
    optimizer = keras.optimizers.Adam(0.01, global_clipnorm=0.5, weight_decay=0.01)
    return compiled(model, optimizer, "mse", metrics=["mae"]), batches({"x": X}, Y, size=17)


def built_in_scope() -> Any:
    """As programs do that make their strategy themselves; with statistics of whole batches."""
    member = joined()
    strategy = member.strategy if member else STRATEGIES[-1] if STRATEGIES else None
    with strategy.scope() if strategy is not None else nullcontext():
        model = dense(L.Dense(8, "relu"), L.BatchNormalization(synchronized=True))
        return compiled(model, "adam", "mse", metrics=["mae"]), batches({"x": X}, Y, size=26)


def scalar_loss() -> Any:
    model = dense(L.Dense(8, "relu", kernel_regularizer="l2"))

    def loss(y: Any, p: Any) -> Any:
        of_weights = 0.1 * tf.reduce_sum(tf.square(model.weights[0]))
        return tf.reduce_mean(tf.square(y - p)) + tf.math.reduce_variance(p) + of_weights

    return compiled(model, "sgd", loss, metrics=["mae", Largest()]), batches({"x": X}, Y)


def dice() -> Any:
    """A loss of Keras's own that takes a batch as one; a metric that does so, too."""

    def spread(y: Any, p: Any) -> Any:
        return tf.math.reduce_std(p)

    model = dense(L.Dense(8, "relu"), L.Dense(1, "sigmoid"))
    return compiled(model, "sgd", keras.losses.Dice(), metrics=[spread]), batches({"x": X}, Y > 0)


def ignored_class() -> Any:
    model = keras.Sequential([L.Input((4,), name="x"), L.Dense(3, "softmax")])
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=2)
    return compiled(model, "sgd", loss), batches({"x": X}, np.arange(52) // 9 % 3)


def weighted_and_summed() -> Any:
    x = keras.Input((4,), name="x")
    inner = L.Dense(8, "relu", kernel_regularizer="l2")(x)
    model = keras.Model(x, {"a": L.Dense(1, name="a")(inner), "b": L.Dense(1, name="b")(inner)})
    losses = {
        "a": keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
        "b": keras.losses.MeanSquaredError(reduction="sum"),
    }
    model.compile(keras.optimizers.SGD(1e-3), losses, weighted_metrics={"a": ["mae"]})
    weights = np.linspace(0.1, 3, 52, dtype="float32")
    return model, batches({"x": X}, {"a": Y, "b": Y}, {"a": weights, "b": np.ones_like(weights)})


def words_and_a_large_table() -> Any:
    """Strings, sparse gradients, two outputs."""
    x, word = (
        keras.Input((6,), name="x", dtype="int32"),
        keras.Input((1,), name="word", dtype="string"),
    )
    one_hot = L.StringLookup(vocabulary=[f"w{i}" for i in range(7)], output_mode="one_hot")(word)
    both = L.Concatenate()([L.Flatten()(L.Embedding(6000, 8)(x)), one_hot])
    outputs = {"a": L.Dense(1, name="a")(both), "b": L.Dense(3, "softmax", name="b")(both)}
    model = keras.Model([x, word], outputs)
    model.compile(
        keras.optimizers.Adam(0.01),
        {"a": "mse", "b": "sparse_categorical_crossentropy"},
        metrics={"a": ["mae"], "b": ["accuracy"]},
    )
    labels = {"a": Y, "b": (np.arange(52) % 3)[:, None]}
    return model, batches({"x": TOKENS * 9, "word": WORDS}, labels)


def masked() -> Any:
    model = keras.Sequential(
        [
            L.Input((6,), name="x", dtype="int32"),
            L.Embedding(9, 4, mask_zero=True),
            L.SimpleRNN(4, return_sequences=True),
            L.Dense(1),
        ]
    )
    y = TOKENS[..., None].astype("float32")
    return compiled(model, "adam", "mse"), batches({"x": TOKENS}, y)


def statistics() -> Any:
    model = dense(L.Dense(8), L.BatchNormalization())
    return compiled(model, keras.optimizers.SGD(0.0), "mse"), batches({"x": X}, Y, size=26)


def dropout() -> Any:
    model = dense(L.Dropout(0.5, seed=3))
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=[Unlike()])
    return model, batches({"x": np.ones_like(X)}, Y, size=26)


def own_step() -> Any:
    model = OwnStep()
    model(tf.zeros([1, 4]))
    return compiled(model, "sgd", "mse"), batches({"x": X}, Y)


def half_precision() -> Any:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = dense(L.Dense(8, "relu"))
        return compiled(model, "sgd", "mse"), batches({"x": X}, Y)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def accumulated_and_averaged() -> Any:
    optimizer = keras.optimizers.Adam(
        0.01, gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=4
    )
    return compiled(dense(L.Dense(8, "relu")), optimizer, "mse"), batches({"x": X}, Y)


def own_data() -> Any:
    """Each process reads its own half, whose batches are of half the size."""

    def input_fn(input_context: tf.distribute.InputContext) -> tf.data.Dataset:
        count, here = input_context.num_input_pipelines, input_context.input_pipeline_id
        data = tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).take(48)
        return data.shard(count, here).batch(8 // count)  # 6 steps, and no more

    return compiled(dense(L.Dense(8, "relu")), "sgd", "mse", metrics=["mae"]), input_fn


def compiled_by_xla() -> Any:
    return compiled(dense(), "sgd", "mse"), batches({"x": X}, Y)


def different_data() -> Any:
    """As of an input_fn that shuffles in Python, without a seed."""
    member = joined()
    x = X + (member.rank if member else 0)
    return compiled(dense(), "sgd", "mse"), batches({"x": x}, Y)


def data_of_another_length() -> Any:
    """As of files that not every machine has; how many batches they make nobody knows before."""
    member = joined()
    rows = 40 if member and member.rank else 52

    def input_fn() -> tf.data.Dataset:
        data = tf.data.Dataset.from_tensor_slices(({"x": X[:rows]}, Y[:rows]))
        return data.filter(lambda *_: True).batch(8)

    return compiled(dense(), "sgd", "mse"), input_fn


def another_model() -> Any:
    member = joined()
    hidden = L.Dense(9 if member and member.rank else 8)
    return compiled(dense(hidden), "sgd", "mse"), batches({"x": X}, Y)


CASES: dict[str, Callable[[], Any]] = {
    one.__name__: one
    for one in (
        *(plain, built_in_scope, scalar_loss, weighted_and_summed, words_and_a_large_table, masked),
        *(statistics, dropout, own_step, half_precision, accumulated_and_averaged),
        *(dice, ignored_class, own_data, compiled_by_xla),
        *(different_data, data_of_another_length, another_model),
    )
}
