"""Programs that run with the real `tf.estimator` as they do here: what they are given differs.

`make.py` beside it runs them with TensorFlow 2.15 and keeps what came out.
"""

from typing import Any

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
ROWS = 64
BATCH = 16


def data() -> tuple[dict[str, Any], Any]:
    """Features and labels, the same everywhere."""
    random = np.random.RandomState(7)
    x = random.normal(size=(ROWS, 4)).astype(np.float32)
    words = np.array(["red", "green", "blue", "grey"])[random.randint(0, 4, ROWS)]
    y = (x.sum(axis=1) + 0.5 * (words == "red") > 0).astype(np.int32)
    return {"x": x, "word": words}, y


def input_fn(repeat: bool) -> tf.data.Dataset:
    """Batches of 16 in order."""
    dataset = tf.data.Dataset.from_tensor_slices(data())
    return (dataset.repeat() if repeat else dataset).batch(BATCH)


def make_model_fn(estimator: Any, optimizer: str) -> Any:
    """A small network over numbers and an embedded word.

    Args:
        estimator: The `tf.estimator` namespace.
        optimizer: The name of a class in `tf.compat.v1.train`.
    """

    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        column = tf.feature_column.categorical_column_with_vocabulary_list(
            "word", ["red", "green", "blue"], num_oov_buckets=1
        )
        columns = [
            tf.feature_column.numeric_column("x", shape=[4]),
            tf.feature_column.embedding_column(column, 2),
        ]
        net = v1.feature_column.input_layer(features, columns)
        with v1.variable_scope("hidden"):
            kernel = v1.get_variable("kernel", [6, 8])
            bias = v1.get_variable("bias", [8], initializer=v1.zeros_initializer())
        net = tf.nn.relu(tf.matmul(net, kernel) + bias)
        kernel = v1.get_variable("out/kernel", [8, 1])
        logits = tf.squeeze(tf.matmul(net, kernel), axis=1, name="logits")
        predictions = {"p": tf.sigmoid(logits), "class": tf.cast(logits > 0, tf.int32)}
        if mode == "infer":
            return estimator.EstimatorSpec(mode, predictions=predictions)
        loss = v1.losses.sigmoid_cross_entropy(labels, logits)
        metrics = {
            "accuracy": v1.metrics.accuracy(labels, predictions["class"]),
            "auc": v1.metrics.auc(labels, predictions["p"]),
        }
        if mode == "eval":
            return estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
        step = v1.train.get_global_step()
        rate = v1.train.exponential_decay(params["rate"], step, 10, 0.9)
        train = getattr(v1.train, optimizer)(rate)
        return estimator.EstimatorSpec(mode, loss=loss, train_op=train.minimize(loss, step))

    return model_fn


OPTIMIZERS = ("AdagradOptimizer", "AdamOptimizer", "FtrlOptimizer", "RMSPropOptimizer")
