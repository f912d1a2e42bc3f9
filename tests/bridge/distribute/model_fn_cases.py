"""`model_fn`s to train in one process and in two: `python model_fn_cases.py OUT [CASE…]`.

A process of a cluster (TF_CONFIG) trains its part. Writes `OUT/<case><rank>.npz`: the losses by
step, the variables, and what hooks have seen.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kerasrun import estimator as tf_estimator

import keras  # isort: skip  (the cluster is joined before the first tensor)
import numpy as np  # isort: skip
import tensorflow as tf  # isort: skip
import tensorflow.compat.v1 as v1  # isort: skip

from kerasrun.bridge.distribute.cluster import joined  # isort: skip
from kerasrun.compat.tensorflow_v1 import layers  # isort: skip

STEPS = 12
DRAWN = np.random.default_rng(0)
X = DRAWN.normal(size=(52, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
WEIGHTS = (DRAWN.random(size=(52, 1)) > 0.4).astype("float32")
WORDS = np.array([f"w{i % 7}" for i in range(52)])
IDS = DRAWN.integers(0, 5000, size=(52, 3))
FEATURES = {"x": X, "weights": WEIGHTS, "word": WORDS, "ids": IDS}


def batches(labels: Any = Y, size: int = 16) -> Callable[[], tf.data.Dataset]:
    """An input_fn; its last batch of an epoch is smaller."""

    def input_fn() -> tf.data.Dataset:
        data = tf.data.Dataset.from_tensor_slices((FEATURES, labels))
        return data.shuffle(52).batch(size).repeat()

    return input_fn


def dense(x: Any, units: int, name: str) -> Any:
    kernel = v1.get_variable(f"{name}/kernel", [x.shape[-1], units])
    return tf.matmul(x, kernel) + v1.get_variable(f"{name}/bias", [units])


def network(features: Any) -> Any:
    return dense(tf.nn.tanh(dense(features["x"], 8, "hidden")), 1, "out")


def trained(loss: Any, train_op: Any, **others: Any) -> Any:
    return tf_estimator.EstimatorSpec("train", loss=loss, train_op=train_op, **others)


def minimized(loss: Any, optimizer: Any = None) -> Any:
    optimizer = optimizer or v1.train.AdagradOptimizer(0.1)
    return optimizer.minimize(loss, global_step=v1.train.get_global_step())


def clipped(features: Any, labels: Any, mode: str) -> Any:
    """By the norm of all gradients, of rows of a table among them."""
    table = v1.get_variable("table", [5000, 4])
    rows = tf.reduce_sum(tf.nn.embedding_lookup(table, features["ids"]), axis=1)
    loss = tf.reduce_mean(
        tf.square(dense(rows, 1, "out") + dense(features["x"], 1, "linear") - labels)
    )
    gradients = tf.gradients(loss, v1.trainable_variables())
    kept, norm = tf.clip_by_global_norm(gradients, 0.3)
    v1.summary.scalar("norm", norm)
    optimizer = v1.train.AdagradOptimizer(0.1)
    pairs = zip(kept, v1.trainable_variables(), strict=True)
    return trained(loss, optimizer.apply_gradients(pairs, v1.train.get_global_step()))


def summed(features: Any, labels: Any, mode: str) -> Any:
    """A loss that adds up, and one of the weights themselves."""
    v1.losses.mean_squared_error(labels, network(features), reduction=v1.losses.Reduction.SUM)
    v1.losses.add_loss(
        0.1 * tf.add_n([tf.nn.l2_loss(v) for v in v1.trainable_variables()]),
        v1.GraphKeys.REGULARIZATION_LOSSES,
    )
    return trained(
        loss := v1.losses.get_total_loss(), minimized(loss, v1.train.AdamOptimizer(0.01))
    )


def by_hand(features: Any, labels: Any, mode: str) -> Any:
    """No gradient of TensorFlow's; and examples are counted, and the mean loss is followed."""
    kernel = v1.get_variable("kernel", [4, 1])
    error = tf.matmul(features["x"], kernel) - labels
    count = tf.shape(error)[0]
    gradient = 2 * tf.matmul(features["x"], error, transpose_a=True) / tf.cast(count, tf.float32)
    loss = tf.reduce_mean(tf.square(error))
    seen = v1.get_variable("seen", [], tf.int64, v1.zeros_initializer(), trainable=False)
    average = v1.get_variable("average", [], initializer=v1.zeros_initializer(), trainable=False)
    optimizer = v1.train.AdamOptimizer(0.1)
    step = optimizer.apply_gradients([(gradient, kernel)], v1.train.get_global_step())
    weights = tf.train.ExponentialMovingAverage(0.9)
    counted = v1.assign_add(seen, tf.cast(count, tf.int64))
    noted = average.assign_sub(0.5 * (average - loss))
    with tf.control_dependencies([step]):
        followed = weights.apply([kernel])
    return trained(loss, tf.group(followed, counted, noted))


def normalized(features: Any, labels: Any, mode: str) -> Any:
    """The averages of a batch's statistics; the rate is 0, so that nothing else changes."""
    hidden = layers().batch_normalization(dense(features["x"], 8, "hidden"), training=True)
    loss = tf.reduce_mean(tf.square(dense(hidden, 1, "out") - labels))
    with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
        return trained(loss, minimized(loss, v1.train.GradientDescentOptimizer(0.0)))


def own_data(features: Any, labels: Any, mode: str) -> Any:
    loss = tf.reduce_mean(tf.square(network(features) - labels))
    return trained(loss, minimized(loss))


def own_rows(input_context: tf.distribute.InputContext) -> tf.data.Dataset:
    """Each process reads its own half; one of them has a batch more than the other."""
    count, here = input_context.num_input_pipelines, input_context.input_pipeline_id
    data = tf.data.Dataset.from_tensor_slices((FEATURES, Y)).take(48 + 4 * here)
    return data.shard(count, here).batch(8 // count)


class Told(v1.train.SessionRunHook):
    """Keeps the norm of the gradients; on the chief of each step, elsewhere of every third."""

    def __init__(self, norm: Any, every: int) -> None:
        self.norm, self.every = norm, every
        self.found: list[float] = []
        self.refused = ""

    def next_iteration(self, done: int) -> int:
        return done - done % self.every + self.every

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self.norm)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.found.append(float(run_values.results))
        if len(self.found) == 1:
            try:
                run_context.session.run(self.norm)
            except ValueError as error:
                self.refused = str(error)


told: list[Told] = []


class OnlyChief(v1.train.SessionRunHook):
    """Counts its steps."""

    steps = 0

    def next_iteration(self, done: int) -> int:
        return done - done % 5 + 5

    def after_run(self, run_context: Any, run_values: Any) -> None:
        OnlyChief.steps += 1


def watched(features: Any, labels: Any, mode: str) -> Any:
    """Steps that a hook of one process watches, and no hook of the other.

    Clips each gradient by itself; some examples weigh nothing.
    """
    loss = v1.losses.mean_squared_error(labels, network(features), features["weights"])
    optimizer = v1.train.MomentumOptimizer(0.1, 0.9)
    pairs = [(tf.clip_by_norm(g, 0.1), v) for g, v in optimizer.compute_gradients(loss)]
    norm = v1.global_norm([gradient for gradient, _ in pairs])
    member = joined()
    told[:] = [Told(norm, 3 if member and member.rank else 1)]
    logged = tf_estimator.LoggingTensorHook({"loss": loss}, every_n_secs=0.01)
    return trained(
        loss,
        optimizer.apply_gradients(pairs, v1.train.get_global_step()),
        training_hooks=[told[0], logged],
        training_chief_hooks=[OnlyChief()],
    )


def of_keras(features: Any, labels: Any, mode: str) -> Any:
    """Layers and an optimizer of Keras, which clips."""
    model = keras.Sequential([keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    answers = model(features["x"], training=True)
    loss = tf.reduce_mean(tf.square(answers - labels))
    optimizer = keras.optimizers.Adam(0.01, global_clipnorm=0.2)
    weights = [w.value for w in model.trainable_weights]
    optimizer.apply(tf.gradients(loss, weights), model.trainable_weights)
    return trained(loss, v1.assign_add(v1.train.get_global_step(), 1))


def dropped(features: Any, labels: Any, mode: str) -> Any:
    """Of rows that are alike: what the units of Keras and of TensorFlow 1 leave of them."""
    ones = tf.ones_like(features["x"])
    by_keras = keras.layers.Dropout(0.5, seed=3)(ones, training=True)
    by_v1 = v1.nn.dropout(ones, rate=0.5, seed=4)
    kept = v1.get_variable("kept", [2, 4], initializer=v1.zeros_initializer(), trainable=False)
    noted = kept.assign([by_keras[0], by_v1[0]])
    told[:] = [Told(tf.reduce_sum(x[0] * [1.0, 3, 9, 27]), 1) for x in (by_keras, by_v1)]
    loss = tf.reduce_mean(network(features) ** 2)
    train_op = minimized(loss, v1.train.GradientDescentOptimizer(0.0))
    return trained(loss, tf.group(train_op, noted), training_hooks=told[:2])


def in_a_condition(features: Any, labels: Any, mode: str) -> Any:
    loss = tf.reduce_mean(tf.square(network(features) - labels))
    return trained(loss, tf.cond(loss < 9.0, lambda: minimized(loss), tf.no_op))


def summed_by_hand(features: Any, labels: Any, mode: str) -> Any:
    loss = tf.reduce_sum(tf.square(network(features) - labels))
    return trained(loss, minimized(loss))


def rate_of_the_batch(features: Any, labels: Any, mode: str) -> Any:
    loss = tf.reduce_mean(tf.square(network(features) - labels))
    return trained(loss, minimized(loss, v1.train.AdamOptimizer(0.1 * tf.minimum(loss, 1.0))))


def wide_and_deep(config: Any) -> Any:
    columns = tf.feature_column
    word = columns.categorical_column_with_vocabulary_list("word", [f"w{i}" for i in range(7)])
    crossed = columns.crossed_column(["word", "ids"], 50)
    return tf_estimator.DNNLinearCombinedClassifier(
        config=config,
        linear_feature_columns=[word, crossed],
        dnn_feature_columns=[
            columns.embedding_column(word, 3, initializer=v1.glorot_uniform_initializer(seed=1)),
            columns.numeric_column("x", 4),
        ],
        dnn_hidden_units=[6],
        weight_column="weights",
        loss_reduction="sum",
    )


CLASSES = (Y[:, 0] > 0).astype("int64")
CASES: dict[str, Any] = {
    one.__name__: (lambda config, one=one: tf_estimator.Estimator(one, config=config), batches())
    for one in (
        *(clipped, summed, by_hand, watched, of_keras, dropped, normalized, own_data),
        *(in_a_condition, rate_of_the_batch, summed_by_hand),
    )
}
CASES["normalized"] = (CASES["normalized"][0], batches(size=26))
CASES["own_data"] = (CASES["own_data"][0], own_rows)
CASES["wide_and_deep"] = (wide_and_deep, batches(CLASSES, size=17))  # the last batch has one row


def events(folder: Path) -> Iterator[tuple[str, int, float]]:
    for file in folder.glob("*.tfevents.*"):
        for event in v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                number = tf.make_ndarray(value.tensor) if value.HasField("tensor") else None
                yield value.tag, event.step, value.simple_value if number is None else number


def train(case: str, out: Path) -> None:
    member = joined()
    make, input_fn = CASES[case]
    config = tf_estimator.RunConfig(
        model_dir=str(out / case),
        save_summary_steps=4 if case in ("summed", "wide_and_deep") else 1,
        save_checkpoints_steps=5,
        log_step_count_steps=None,
        tf_random_seed=5,
        jit_compile=False,
    )
    estimator = make(config)
    kept: dict[str, Any] = {}
    OnlyChief.steps = 0
    try:
        estimator.train(input_fn, max_steps=STEPS)
    except ValueError as error:
        kept["refused"] = str(error)
    else:
        for name, variable in estimator.program.variables().items():
            kept[name] = variable.numpy()
        kept["told"] = [one.found for one in told] if case in ("watched", "dropped") else []
        kept["told_refused"] = [one.refused for one in told]
        kept["chief_steps"] = OnlyChief.steps
        if member is None or member.rank == 0:
            for tag, step, value in events(out / case):
                if "sec" not in tag:
                    kept.setdefault(f"events/{tag}", []).append((step, value))
    np.savez(out / f"{case}{member.rank if member else ''}.npz", **kept)


def main() -> None:
    out, cases = Path(sys.argv[1]), sys.argv[2:] or list(CASES)
    out.mkdir(parents=True, exist_ok=True)
    for case in cases:
        train(case, out)


if __name__ == "__main__":
    main()
