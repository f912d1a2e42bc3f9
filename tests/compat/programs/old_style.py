"""A program as they were written for TensorFlow 1: argument is the model_dir."""

import json
import sys

import numpy as np
import tensorflow as tf
from tensorflow.python.estimator.model_fn import ModeKeys as Modes

tf.logging.set_verbosity(tf.logging.WARN)
RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(200, 4)).astype(np.float32)
Y = (X.sum(1) > 0).astype(np.int32)


def model_fn(features, labels, mode, params):
    weights = tf.get_variable("weights", [4, 2])
    logits = tf.matmul(features["x"], weights)
    classes = tf.argmax(logits, 1)
    if mode == Modes.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"classes": classes})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    for variable in tf.trainable_variables():
        tf.summary.histogram(variable.op.name, variable)
    optimizer = tf.train.AdamOptimizer(params["rate"])
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    metrics = {"accuracy": tf.metrics.accuracy(labels, classes)}
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def read(mode):
    def input_fn():
        dataset = tf.data.Dataset.from_tensor_slices(({"x": X}, Y))
        dataset = dataset.repeat() if mode == Modes.TRAIN else dataset
        return dataset.batch(20).make_one_shot_iterator().get_next()

    return input_fn


def main(_):
    estimator = tf.estimator.Estimator(model_fn, sys.argv[1], params={"rate": 0.1})
    train_spec = tf.estimator.TrainSpec(read(Modes.TRAIN), max_steps=100)
    tf.estimator.train_and_evaluate(estimator, train_spec, tf.estimator.EvalSpec(read(Modes.EVAL)))
    result = estimator.evaluate(read(Modes.EVAL))
    model = tf.keras.models.Sequential([tf.keras.layers.Dense(2, name="x", input_dim=4)])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.train.AdamOptimizer(0.1), loss, metrics=["accuracy"])
    of_keras = tf.keras.estimator.model_to_estimator(model)
    of_keras.train(
        tf.estimator.inputs.numpy_input_fn({"x_input": X}, Y, 20, num_epochs=10, shuffle=True)
    )
    kept = {name: float(value) for name, value in result.items()}
    kept["of_keras"] = float(of_keras.get_variable_value("global_step"))
    kept["categorical"] = int(tf.keras.utils.to_categorical(y=[1], num_classes=3)[0].sum())
    print(json.dumps(kept))


if __name__ == "__main__":
    tf.app.run()
