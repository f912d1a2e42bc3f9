"""A whole `model_fn` of TensorFlow 1.x, written with `tf.contrib`, through an Estimator."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from kerasrun import estimator as tf_estimator
from kerasrun.compat import contrib

pytestmark = pytest.mark.slow
WORDS = ["a", "b", "c"]


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> tf_estimator.EstimatorSpec:
    layers, training = contrib.layers, mode == tf_estimator.ModeKeys.TRAIN
    table = contrib.lookup.index_table_from_tensor(WORDS, num_oov_buckets=1)
    embedded = layers.embed_sequence(table.lookup(features["words"]), 4, params.size, scope="embed")
    with contrib.framework.arg_scope([layers.fully_connected], activation_fn=tf.nn.tanh):
        net = layers.stack(layers.flatten(embedded), layers.fully_connected, params.units)
    net = layers.batch_norm(net, is_training=training, decay=0.5)
    net = layers.dropout(net, 0.9, is_training=training)
    logits = layers.linear(net, 2, weights_regularizer=layers.l2_regularizer(0.01), scope="top")
    names = contrib.lookup.index_to_string_table_from_tensor(["no", "yes"])
    chosen = tf.argmax(logits, 1)
    predictions = {"name": names.lookup(chosen)}
    if mode == tf_estimator.ModeKeys.PREDICT:
        return tf_estimator.EstimatorSpec(mode, predictions)
    loss = contrib.losses.sparse_softmax_cross_entropy(logits, labels)
    loss += tf.losses.get_regularization_loss()
    metrics = {
        "right": contrib.metrics.streaming_accuracy(chosen, labels),
        "share": contrib.metrics.streaming_mean(chosen),
    }
    train_op = layers.optimize_loss(
        loss,
        contrib.framework.get_or_create_global_step(),
        params.rate,
        "Adam",
        clip_gradients=5.0,
        learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(rate, step, 100, 0.9),
    )
    return tf_estimator.EstimatorSpec(mode, predictions, loss, train_op, metrics)


def input_fn() -> Any:
    words = [["a", "b"], ["b", "c"], ["x", "a"], ["c", "c"]] * 4
    labels = [int(first < "b") for first, _ in words]
    dataset = contrib.data.Dataset.from_tensor_slices(({"words": words}, labels))
    batched = dataset.apply(contrib.data.batch_and_drop_remainder(8))
    return batched.make_one_shot_iterator().get_next()


def test_it_trains_evaluates_predicts_and_is_served(tmp_path: Path) -> None:
    params = contrib.training.HParams(rate=0.05, units=[8, 4], size=3).parse("units=[6,4]")
    config = tf_estimator.RunConfig(tf_random_seed=1, save_summary_steps=10, jit_compile=False)
    estimator = tf_estimator.Estimator(model_fn, str(tmp_path), config, params)
    contrib_predictor = contrib.predictor
    before = estimator.train(repeated, steps=1).get_variable_value("BatchNorm/moving_mean")
    result = estimator.train(repeated, steps=60).evaluate(input_fn)
    assert result["right"] == 1.0
    assert result["share"] == 0.25
    assert sorted(
        name for name in estimator.get_variable_names() if not re.search("Adam|metrics", name)
    ) == [
        *("BatchNorm/beta", "BatchNorm/moving_mean", "BatchNorm/moving_variance"),
        *("OptimizeLoss/beta1_power", "OptimizeLoss/beta2_power", "OptimizeLoss/learning_rate"),
        *("Stack/fully_connected_1/biases", "Stack/fully_connected_1/weights"),
        *("Stack/fully_connected_2/biases", "Stack/fully_connected_2/weights"),
        *("embed/embeddings", "global_step", "top/biases", "top/weights"),
    ]
    assert np.abs(estimator.get_variable_value("BatchNorm/moving_mean") - before).max() > 0.01
    assert estimator.get_variable_value("OptimizeLoss/learning_rate") == np.float32(0.05)
    tags = {
        value.tag
        for path in tmp_path.glob("events*")
        for event in tf.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    assert {
        *("OptimizeLoss/loss", "OptimizeLoss/learning_rate_1"),
        *("OptimizeLoss/global_norm/gradient_norm",),
        *("OptimizeLoss/global_norm/clipped_gradient_norm",),
    } <= tags
    receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(
        {"words": tf.TensorSpec([None, 2], tf.string, "words")}
    )
    predict = contrib_predictor.from_estimator(estimator, receiver_fn)
    answers = predict({"words": [["a", "b"], ["c", "c"]]})
    assert answers["name"].tolist() == [b"yes", b"no"]
    assert list(predict.feed_tensors) == ["words"]
    assert list(predict.fetch_tensors) == ["name"]
    with pytest.raises(ValueError, match=r"has no input 'wrds'; it has \['words'\]"):
        predict({"wrds": [["a", "b"]]})
    exported = estimator.export_saved_model(str(tmp_path / "export"), receiver_fn)
    with pytest.raises(ValueError, match=r"no signature 'x'; it has \['serving_default'\]"):
        contrib_predictor.from_saved_model(exported, "x")
    with pytest.raises(ValueError, match="Give one of signature_def_key"):
        contrib_predictor.from_saved_model(exported, "x", input_names={"a": "b:0"})


def repeated() -> Any:
    words = [["a", "b"], ["b", "c"], ["x", "a"], ["c", "c"]] * 4
    labels = [int(first < "b") for first, _ in words]
    dataset = tf.data.Dataset.from_tensor_slices(({"words": words}, labels))
    batched = dataset.apply(contrib.data.shuffle_and_repeat(16, seed=1)).apply(
        contrib.data.map_and_batch(lambda features, label: (features, label), 8)
    )
    return batched.prefetch(contrib.data.AUTOTUNE)
