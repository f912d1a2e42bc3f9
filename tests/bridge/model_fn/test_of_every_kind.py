"""What model functions do in many ways, each of which once went wrong."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.model_fn.programs import X, Y, input_fn, model_fn

v1 = tf.compat.v1
pytestmark = pytest.mark.slow


def made(function: Any, model_dir: Path, **arguments: Any) -> Any:
    return tf_estimator.Estimator(function, str(model_dir), **arguments)


def counting(features: Any, labels: Any, mode: str) -> Any:
    """Its train_op and its metrics' updates are answers of `assign_add`."""
    count = v1.get_variable("count", [], initializer=v1.zeros_initializer())
    mean = tf.reduce_mean(features["x"])
    if mode == "infer":
        return tf_estimator.EstimatorSpec(mode, predictions={"count": count + 0 * mean})
    with tf.control_dependencies([count.assign_add(2.0).op]):
        train_op = v1.train.get_global_step().assign_add(1)
    metrics = {
        "positives": v1.metrics.true_positives(labels > 0, labels > 0),
        "iou": v1.metrics.mean_iou(labels, labels, 3),
    }
    return tf_estimator.EstimatorSpec(mode, None, mean, train_op, metrics)


def test_what_assign_add_answers_is_run(tmp_path: Path) -> None:
    estimator = made(counting, tmp_path / "model")
    estimator.train(input_fn, max_steps=5)
    assert estimator.get_variable_value("count") == 10
    result = estimator.evaluate(input_fn)
    assert result["positives"] == (Y > 0).sum()
    assert result["iou"] == pytest.approx(1)


def test_what_a_partial_binds_stays_bound(tmp_path: Path) -> None:
    seen = []

    def noting(features: Any, labels: Any, mode: str, params: Any) -> Any:
        seen.append(params)
        return model_fn(features, labels, mode, {})

    params = {"rate": 1}
    bound = made(functools.partial(noting, params={"rate": 7}), tmp_path / "bound")
    free = made(noting, tmp_path / "free", params=params)
    params["rate"] = 2
    for estimator in (bound, free):
        estimator.train(input_fn, max_steps=1)
    assert seen == [{"rate": 7}, {"rate": 1}]


def test_batches_of_all_sizes_are_predicted(tmp_path: Path) -> None:
    estimator = made(model_fn, tmp_path / "model", params={})
    estimator.train(input_fn, max_steps=1)
    expected = [each["class"] for each in estimator.predict(input_fn)]
    for size in (4, 2, 6):

        def of_size(size: int = size) -> Any:
            return tf.data.Dataset.from_tensors({"x": X[:size]})

        assert [each["class"] for each in estimator.predict(of_size)] == expected[:size]


class Fetching(tf_estimator.SessionRunHook):
    """Fetches what changes something."""

    def begin(self) -> None:
        self.counter = v1.get_variable("counter", [], initializer=v1.zeros_initializer())
        self.counted = tf.identity(self.counter.assign_add(1.0))
        self.found: list[float] = []

    def before_run(self, run_context: Any) -> Any:
        return tf_estimator.SessionRunArgs([self.counted, self.counted.op])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.found.append(float(run_values.results[0]))


def test_what_a_hook_fetches_happens_once_a_step(tmp_path: Path) -> None:
    hook = Fetching()
    made(model_fn, tmp_path / "model", params={}).train(input_fn, max_steps=3, hooks=[hook])
    assert hook.found == [1, 2, 3]


def test_a_vocabulary_file_is_read_anew(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"

    def looking_up(features: Any, labels: Any, mode: str) -> Any:
        table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(words), tf.string, 0, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
            ),
            -1,
        )
        return tf_estimator.EstimatorSpec(mode, predictions={"id": table.lookup(features["word"])})

    def one_word() -> Any:
        return tf.data.Dataset.from_tensors({"word": ["b"]})

    found: list[int] = []
    for content in ("a\nb\n", "b\na\n"):
        words.write_text(content)
        estimator = made(looking_up, tmp_path / f"model{len(found)}")
        found.append(int(next(estimator.predict(one_word))["id"]))
    assert found == [1, 0]


def test_sample_weights_are_refused(tmp_path: Path) -> None:
    def weighted() -> Any:
        return tf.data.Dataset.from_tensors(({"x": X}, Y, np.ones(len(X), np.float32)))

    with pytest.raises(ValueError, match="the data have sample weights"):
        made(model_fn, tmp_path / "model", params={}).train(weighted, steps=1)


def test_a_metric_of_the_losses_name_keeps_its_own_sum(tmp_path: Path) -> None:
    def with_loss_mean(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        if mode != "eval":
            return spec
        return spec._replace(eval_metric_ops={"seven": v1.metrics.mean([7.0], name="loss")})

    estimator = made(with_loss_mean, tmp_path / "model")
    estimator.train(input_fn, max_steps=2)
    result = estimator.evaluate(input_fn)
    assert result["seven"] == 7
    assert result["loss"] != 7
    with pytest.raises(ValueError, match="may not be called 'loss'"):
        tf_estimator.EstimatorSpec("eval", loss=tf.zeros([]), eval_metric_ops={"loss": (1, 2)})


def test_an_evaluation_reads_what_it_needs_only(tmp_path: Path) -> None:
    def smaller(features: Any, labels: Any, mode: str) -> Any:
        return model_fn(features, labels, mode, {})

    by_descent, by_adam = made(smaller, tmp_path / "descent"), tmp_path / "adam"

    def with_adam(features: Any, labels: Any, mode: str) -> Any:
        spec = model_fn(features, labels, mode, {})
        if mode != "train":
            return spec
        step = v1.train.get_global_step()
        return spec._replace(train_op=v1.train.AdamOptimizer().minimize(spec.loss, step))

    by_descent.train(input_fn, max_steps=3)
    estimator = made(with_adam, by_adam)
    estimator.train(input_fn, max_steps=3)
    path = by_descent.latest_checkpoint()
    result = estimator.evaluate(input_fn, checkpoint_path=path)
    assert result["loss"] == pytest.approx(float(by_descent.evaluate(input_fn)["loss"]), abs=1e-6)


def test_what_hooks_want_at_the_end_is_of_the_last_batch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook = tf_estimator.LoggingTensorHook(["loss"], at_end=True)
    with caplog.at_level("INFO", logger="tensorflow"):
        made(model_fn, tmp_path / "model", params={}).train(
            input_fn, max_steps=3, hooks=[hook, Fetching()]
        )
    assert "loss = " in caplog.messages[-1]


def test_a_saver_of_the_models_own_says_when_to_save(tmp_path: Path) -> None:
    def saving(features: Any, labels: Any, mode: str) -> Any:
        saver = tf_estimator.CheckpointSaverHook(str(tmp_path / "model"), save_steps=2)
        return model_fn(features, labels, mode, {})._replace(training_hooks=(saver,))

    made(saving, tmp_path / "model").train(input_fn, max_steps=5)
    found = {path.name for path in (tmp_path / "model").glob("*.index")}
    assert found == {f"model.ckpt-{step}.index" for step in (0, 2, 4, 5)}
