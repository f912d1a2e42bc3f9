"""A `model_fn` of the layers and cells of TensorFlow 1 trains, evaluates and predicts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.bridge import v1_layers as layers
from kerasrun.bridge.v1_layers import rnn_cell as cells

v1 = tf.compat.v1
pytestmark = pytest.mark.slow
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(96, 8, 8, 1)).astype(np.float32)
KERNEL = RANDOM.normal(size=(3, 3, 1, 8), scale=0.3).astype(np.float32)
Y = (X[:, :4].mean(axis=(1, 2, 3)) > X[:, 4:].mean(axis=(1, 2, 3))).astype(np.int32)


def input_fn(mode: str) -> tf.data.Dataset:
    dataset = tf.data.Dataset.from_tensor_slices(({"x": X}, Y))
    return (dataset.repeat() if mode == "train" else dataset).batch(32)


def logits_of(images: Any, training: bool) -> Any:
    first = v1.constant_initializer(KERNEL)
    net = layers.conv2d(images, 8, 3, padding="same", use_bias=False, kernel_initializer=first)
    net = tf.nn.relu(layers.batch_normalization(net, momentum=0.9, training=training))
    net = layers.average_pooling2d(net, 2, 2)
    cell = cells.DropoutWrapper(cells.BasicLSTMCell(8), 0.9 if training else 1.0)
    rows = tf.reshape(net, [-1, 4, 4 * 8])
    outputs, _ = v1.nn.dynamic_rnn(cell, rows, dtype=tf.float32)
    net = layers.dropout(layers.flatten(outputs), 0.2, training=training)
    return layers.dense(net, 2, kernel_regularizer=lambda kernel: 1e-3 * tf.nn.l2_loss(kernel))


def model_fn(features: Any, labels: Any, mode: str) -> Any:
    logits = logits_of(features["x"], mode == tf_estimator.ModeKeys.TRAIN)
    classes = tf.argmax(logits, 1)
    if mode == tf_estimator.ModeKeys.PREDICT:
        return tf_estimator.EstimatorSpec(mode, predictions={"class": classes, "logits": logits})
    loss = v1.losses.sparse_softmax_cross_entropy(labels, logits)
    loss += v1.losses.get_regularization_loss()
    metrics = {"accuracy": v1.metrics.accuracy(labels, classes)}
    optimizer = v1.train.AdamOptimizer(0.01)
    with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.minimize(loss, v1.train.get_global_step())
    return tf_estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def test_a_model_fn_of_layers_and_cells(tmp_path: Path) -> None:
    config = tf_estimator.RunConfig(tf_random_seed=1)
    estimator = tf_estimator.Estimator(model_fn, str(tmp_path), config)
    estimator.train(input_fn, max_steps=1)
    batch = tf.nn.conv2d(X[:32], KERNEL, 1, "SAME").numpy()
    moved = estimator.get_variable_value("batch_normalization/moving_mean")
    assert moved == pytest.approx(0.1 * batch.mean(axis=(0, 1, 2)), abs=1e-6)
    estimator.train(input_fn, max_steps=150)
    result = estimator.evaluate(input_fn)
    assert result["accuracy"] > 0.9
    predicted = np.array([each["class"] for each in estimator.predict(input_fn)])
    assert np.mean(predicted == Y) == pytest.approx(float(result["accuracy"]))
    assert set(estimator.get_variable_names()) > {
        *("batch_normalization/beta", "batch_normalization/gamma"),
        *("batch_normalization/moving_mean", "batch_normalization/moving_variance"),
        *("conv2d/kernel", "dense/bias", "dense/kernel", "dense/kernel/Adam"),
        *("rnn/basic_lstm_cell/bias", "rnn/basic_lstm_cell/kernel"),
    }
