"""Custom Estimators: a `model_fn` trains, evaluates, predicts, and is exported."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.model_fn.programs import X, Y, input_fn, model_fn

v1 = tf.compat.v1
pytestmark = pytest.mark.slow


def made(function: Any, model_dir: Path, **arguments: Any) -> Any:
    config = tf_estimator.RunConfig(tf_random_seed=1, save_summary_steps=10)
    return tf_estimator.Estimator(function, str(model_dir), config, **arguments)


def test_the_main_job(tmp_path: Path, scalars: Any) -> None:
    estimator = made(model_fn, tmp_path / "model", params={"rate": 0.5})
    result, _ = tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(input_fn, max_steps=200),
        tf_estimator.EvalSpec(input_fn, steps=None),
    )
    assert result is not None
    assert result["global_step"] == 200
    assert result["accuracy"] > 0.9
    predicted = list(estimator.predict(input_fn))
    assert len(predicted) == len(X)
    classes = np.array([each["class"] for each in predicted])
    assert np.mean(classes == Y) == pytest.approx(float(result["accuracy"]))
    assert estimator.get_variable_names()[:3] == ["global_step", "hidden/bias", "hidden/kernel"]
    written = scalars(str(tmp_path / "model"))
    assert set(written) >= {"loss", "global_step/sec", "train_accuracy"}
    assert [step for step, _ in written["train_accuracy"]][:3] == [1, 11, 21]
    again = made(model_fn, tmp_path / "model", params={"rate": 0.5})
    assert again.evaluate(input_fn)["loss"] == pytest.approx(float(result["loss"]), abs=1e-6)


def test_it_trains_as_the_same_steps_in_plain_tensorflow(tmp_path: Path) -> None:
    estimator = made(model_fn, tmp_path / "model")
    estimator.train(input_fn, max_steps=1)
    first = {n: estimator.get_variable_value(n) for n in ("hidden/kernel", "out/kernel")}
    estimator.train(input_fn, steps=1)
    bias, out_bias = (tf_checkpoint(tmp_path, 1, n) for n in ("hidden/bias", "out/bias"))
    with tf.GradientTape() as tape:
        weights = [tf.constant(v) for v in (first["hidden/kernel"], bias)]
        weights += [tf.constant(v) for v in (first["out/kernel"], out_bias)]
        tape.watch(weights)
        net = tf.nn.relu(X[:32] @ weights[0] + weights[1])
        logits = net @ weights[2] + weights[3]
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(Y[:32], logits))
    expected = weights[0] - 0.1 * tape.gradient(loss, weights)[0]
    assert estimator.get_variable_value("hidden/kernel") == pytest.approx(
        expected.numpy(), abs=1e-6
    )


def tf_checkpoint(tmp_path: Path, step: int, name: str) -> Any:
    return tf.train.load_variable(str(tmp_path / "model" / f"model.ckpt-{step}"), name)


def keras_model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """Layers of Keras 3 with state, and a metric of Keras; an optimizer of either."""
    training = mode == "train"
    net = keras.layers.Dense(8, activation="relu")(features["x"])
    net = keras.layers.BatchNormalization(momentum=0.5)(net, training=training)
    net = keras.layers.Dropout(0.2, seed=3)(net, training=training)
    probabilities = keras.layers.Dense(3, activation="softmax")(net)
    if mode == "infer":
        return tf_estimator.EstimatorSpec(mode, predictions=probabilities)
    loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, probabilities))
    if mode == "eval":
        metric = keras.metrics.SparseCategoricalAccuracy()
        metric.update_state(labels, probabilities)
        return tf_estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": metric})
    trained = v1.trainable_variables()
    gradients = zip(tf.gradients(loss, trained), trained, strict=True)
    if params["keras"]:
        keras.optimizers.Adam(0.05).apply_gradients(gradients)
        train_op = v1.train.get_global_step().assign_add(1)
    else:
        train_op = v1.train.AdamOptimizer(0.05).apply_gradients(
            gradients, v1.train.get_global_step()
        )
    return tf_estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


@pytest.mark.parametrize("of_keras", [False, True])
def test_layers_of_keras_change_their_state(tmp_path: Path, of_keras: bool) -> None:
    estimator = made(keras_model_fn, tmp_path / "model", params={"keras": of_keras})
    estimator.train(input_fn, max_steps=1)
    before = estimator.get_variable_value("batch_normalization/moving_mean")
    seeds = [n for n in estimator.get_variable_names() if "seed_generator" in n]
    seed = estimator.get_variable_value(seeds[0])
    net = np.maximum(
        X[:32] @ estimator.get_variable_value("dense/kernel")
        + estimator.get_variable_value("dense/bias"),
        0,
    )
    estimator.train(input_fn, steps=1)  # on the same first batch, for the input begins anew
    after = estimator.get_variable_value("batch_normalization/moving_mean")
    assert after == pytest.approx(0.5 * before + 0.5 * net.mean(axis=0), abs=1e-5)
    assert (estimator.get_variable_value(seeds[0]) != seed).any()
    estimator.train(input_fn, steps=98)
    result = estimator.evaluate(input_fn)
    assert result["accuracy"] > 0.9
    first = next(iter(estimator.predict(input_fn)))
    assert isinstance(first, np.ndarray)  # the predictions are one tensor
    assert first.shape == (3,)
    names = estimator.get_variable_names()
    assert not [n for n in names if "accuracy" in n and not n.startswith("metrics/")]


class Watcher(tf_estimator.SessionRunHook):
    """Fetches by name and by object, feeds, and reads between steps."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.kernels: list[Any] = []

    def begin(self) -> None:
        graph = v1.get_default_graph()
        self.softmax = graph.get_tensor_by_name("softmax_tensor:0")
        self.added = tf.reduce_sum(self.softmax)
        self.placeholder = v1.placeholder(tf.float32, [])
        self.twice = 2 * self.placeholder
        self.step = v1.train.get_global_step()

    def before_run(self, run_context: Any) -> Any:
        self.kernels.append(run_context.session.run("hidden/kernel:0"))
        fetches = {
            "step": self.step,
            "by_name": ["global_step:0", "loss:0"],
            "sum": self.added,
            "rows": self.softmax,
            "twice": self.twice,
        }
        return tf_estimator.SessionRunArgs(fetches, {self.placeholder: 21.0})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.found.append(run_values.results)
        if len(self.found) == 3:
            run_context.request_stop()


def test_hooks_fetch_and_feed(tmp_path: Path) -> None:
    watcher = Watcher()
    estimator = made(model_fn, tmp_path / "model")
    estimator.train(input_fn, max_steps=50, hooks=[watcher])
    assert [int(each["step"]) for each in watcher.found] == [0, 1, 2]
    assert [int(each["by_name"][0]) for each in watcher.found] == [0, 1, 2]
    assert all(each["sum"] == pytest.approx(32, abs=1e-3) for each in watcher.found)
    assert watcher.found[0]["rows"].shape == (32, 3)
    assert watcher.found[0]["twice"] == 42
    assert not np.array_equal(watcher.kernels[0], watcher.kernels[1])
    assert estimator.get_variable_value("global_step") == 3
    evaluated = Watcher()
    estimator.evaluate(input_fn, hooks=[evaluated], steps=2)
    assert len(evaluated.found) == 2


def test_hooks_of_tensorflow_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scalars: Any
) -> None:
    estimator = made(model_fn, tmp_path / "model")
    hooks = [
        v1.train.LoggingTensorHook({"probabilities": "softmax_tensor"}, every_n_iter=5),
        v1.train.StepCounterHook(every_n_steps=5, output_dir=str(tmp_path / "counter")),
        v1.train.StopAtStepHook(last_step=12),
        v1.train.NanTensorHook("loss:0"),
    ]
    with caplog.at_level("INFO", logger="tensorflow"):
        estimator.train(input_fn, max_steps=50, hooks=hooks)
    assert estimator.get_variable_value("global_step") == 12
    assert "probabilities = " in caplog.text
    assert "global_step/sec" in scalars(str(tmp_path / "counter"))


def test_a_name_that_is_not_there_is_said(tmp_path: Path) -> None:
    hook = tf_estimator.LoggingTensorHook({"p": "softmax_tenser"}, every_n_iter=1)
    with pytest.raises(KeyError, match=r"no 'softmax_tenser:0'.*[Dd]id you mean 'softmax_tensor'"):
        made(model_fn, tmp_path / "model").train(input_fn, steps=1, hooks=[hook])


def test_weights_come_from_another_training(tmp_path: Path) -> None:
    first = made(model_fn, tmp_path / "first")
    first.train(input_fn, max_steps=20)
    warm = made(model_fn, tmp_path / "warm", warm_start_from=str(tmp_path / "first"))
    warm.train(input_fn, max_steps=1)
    path = str(tmp_path / "first")

    def from_checkpoint(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        v1.train.init_from_checkpoint(path, {"hidden/": "hidden/"})
        return spec

    other = made(from_checkpoint, tmp_path / "other")
    other.train(input_fn, max_steps=1)

    def restoring(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        saver = v1.train.Saver(v1.trainable_variables())
        checkpoint = tf.train.latest_checkpoint(path)
        init = lambda scaffold, session: saver.restore(session, checkpoint)  # noqa: E731
        return spec._replace(scaffold=v1.train.Scaffold(init_fn=init))

    third = made(restoring, tmp_path / "third")
    third.train(input_fn, max_steps=1)
    trained = first.get_variable_value("hidden/kernel")
    for each in (warm, other, third):
        assert np.abs(each.get_variable_value("hidden/kernel") - trained).max() < 0.05


def test_averages_are_evaluated(tmp_path: Path) -> None:
    def averaged(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        average = v1.train.ExponentialMovingAverage(0.0)  # as it was a step before
        if mode == "train":
            with tf.control_dependencies([spec.train_op]):
                return spec._replace(train_op=average.apply(v1.trainable_variables()))
        wanted = average.variables_to_restore(v1.trainable_variables())
        return spec._replace(scaffold=v1.train.Scaffold(saver=v1.train.Saver(wanted)))

    estimator = made(averaged, tmp_path / "model")
    estimator.train(input_fn, max_steps=30)
    names = estimator.get_variable_names()
    assert "hidden/kernel/ExponentialMovingAverage" in names
    assert estimator.evaluate(input_fn)["accuracy"] > 0.5


def test_an_export_answers_by_its_signatures(tmp_path: Path) -> None:
    def served(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        if mode != "infer":
            return spec
        probabilities = spec.predictions["probabilities"]
        names = tf.constant([["a", "b", "c"]])
        classes = tf.tile(names, [tf.shape(probabilities)[0], 1])
        outputs = {
            "serving_default": tf_estimator.export.PredictOutput({"p": probabilities}),
            "classification": tf_estimator.export.ClassificationOutput(probabilities, classes),
        }
        return spec._replace(export_outputs=outputs)

    estimator = made(served, tmp_path / "model")
    estimator.train(input_fn, max_steps=5)
    parsing = tf_estimator.export.build_parsing_serving_input_receiver_fn(
        {"x": tf.io.FixedLenFeature([4], tf.float32)}
    )
    path = estimator.export_saved_model(str(tmp_path / "export"), parsing)
    loaded = tf.saved_model.load(path)
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=X[0]))
    example = tf.train.Example(features=tf.train.Features(feature={"x": feature}))
    asked = tf.constant([example.SerializeToString()])
    answer = loaded.signatures["classification"](inputs=asked)
    assert answer["classes"].numpy().tolist() == [[b"a", b"b", b"c"]]
    expected = next(iter(estimator.predict(input_fn)))["probabilities"]
    assert answer["scores"].numpy()[0] == pytest.approx(expected, abs=1e-6)
    again = loaded.signatures["serving_default"](examples=asked)
    assert again["p"].numpy()[0] == pytest.approx(expected, abs=1e-6)


def test_metrics_are_added_to_those_of_the_model(tmp_path: Path) -> None:
    def metric_fn(labels: Any, predictions: Any, features: Any) -> Any:
        mean = v1.metrics.mean(features["x"])
        return {"right": v1.metrics.accuracy(labels, predictions["class"]), "mean": mean}

    def with_predictions(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        graph = v1.get_default_graph()
        classes = graph.get_tensor_by_name("ArgMax:0")
        return spec if mode == "infer" else spec._replace(predictions={"class": classes})

    estimator = tf_estimator.add_metrics(made(with_predictions, tmp_path / "model"), metric_fn)
    estimator.train(input_fn, max_steps=5)
    result = estimator.evaluate(input_fn)
    assert result["mean"] == pytest.approx(X.mean(), abs=1e-6)
    assert {"accuracy", "right", "loss"} <= set(result)
