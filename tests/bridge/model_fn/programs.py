"""A `model_fn` in the style of many programs, and data for it."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun import estimator as tf_estimator

v1 = tf.compat.v1
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(96, 4)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.int32) + (X[:, 0] > 1)


def input_fn(mode: str) -> tf.data.Dataset:
    """Batches of 32 in order; for ever, to train."""
    dataset = tf.data.Dataset.from_tensor_slices(({"x": X}, Y.astype(np.int32)))
    return (dataset.repeat() if mode == "train" else dataset).batch(32)


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """One hidden layer of variables, one of Keras."""
    with v1.variable_scope("hidden"):
        kernel = v1.get_variable("kernel", [4, 8])
        bias = v1.get_variable("bias", [8], initializer=v1.zeros_initializer())
    net = tf.nn.relu(tf.matmul(features["x"], kernel) + bias)
    logits = keras.layers.Dense(3, name="out")(net)
    probabilities = tf.nn.softmax(logits, name="softmax_tensor")
    predictions = {"class": tf.argmax(logits, 1), "probabilities": probabilities}
    if mode == tf_estimator.ModeKeys.PREDICT:
        return tf_estimator.EstimatorSpec(mode, predictions=predictions)
    loss = v1.losses.sparse_softmax_cross_entropy(labels, logits)
    accuracy = v1.metrics.accuracy(labels, predictions["class"], name="accuracy_op")
    if mode == tf_estimator.ModeKeys.EVAL:
        metrics = {"accuracy": accuracy}
        return tf_estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    v1.summary.scalar("train_accuracy", accuracy[1])
    v1.summary.histogram("kernel", kernel)
    optimizer = v1.train.GradientDescentOptimizer((params or {}).get("rate", 0.1))
    train_op = optimizer.minimize(loss, global_step=v1.train.get_global_step())
    return tf_estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
