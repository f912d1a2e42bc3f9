"""The lines that users of tf.estimator search their logs for."""

import logging
import re
from typing import Any

import keras
import pytest

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import build_model


@pytest.fixture
def info(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="tensorflow")
    return caplog


def in_order(info: pytest.LogCaptureFixture, patterns: list[str]) -> None:
    """Asserts that the patterns match messages in this order, others in between or not."""
    messages = iter(info.messages)
    for pattern in patterns:
        assert any(re.fullmatch(pattern, message) for message in messages), pattern


def test_a_training_with_evaluations(
    model: keras.Model, endless: Any, input_fn: Any, make_estimator: Any, info: Any
) -> None:
    estimator = make_estimator(model, save_checkpoints_steps=5, log_step_count_steps=5)
    tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(endless, max_steps=10),
        tf_estimator.EvalSpec(input_fn, steps=None, throttle_secs=0),
    )
    number = r"[\d.e-]+"
    folder = re.escape(estimator.model_dir)
    in_order(
        info,
        [
            r"Using config: \{'_model_dir': .*",
            r"Calling checkpoint listeners before saving checkpoint 0\.\.\.",
            rf"Saving checkpoints for 0 into {folder}/model\.ckpt-0\.",
            r"Calling checkpoint listeners after saving checkpoint 0\.\.\.",
            rf"loss = {number}, step = 1",
            rf"Saving checkpoints for 5 into {folder}/model\.ckpt-5\.",
            r"Starting evaluation at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
            r"Inference Time : \d+\.\d{5}s",
            r"Finished evaluation at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
            rf"Saving dict for global step 5: accuracy = {number}, global_step = 5, loss = .*",
            rf"Saving 'checkpoint_path' summary for global step 5: {folder}/model\.ckpt-5",
            rf"global_step/sec: {number}",
            rf"loss = {number}, step = 6 \(\d+\.\d{{3}} sec\)",
            rf"Saving checkpoints for 10 into {folder}/model\.ckpt-10\.",
            r"Saving dict for global step 10: .*",
            rf"Loss for final step: {number}\.",
        ],
    )


def test_a_resumed_training(
    model: keras.Model, endless: Any, make_estimator: Any, info: Any
) -> None:
    estimator = make_estimator(model).train(endless, max_steps=3)
    estimator.train(endless, max_steps=4)
    path = re.escape(f"{estimator.model_dir}/model.ckpt-3")
    in_order(info, [f"Restoring parameters from {path}", "Saving checkpoints for 4 into .*"])


def test_a_finished_training(
    model: keras.Model, endless: Any, make_estimator: Any, info: Any
) -> None:
    make_estimator(model).train(endless, max_steps=3).train(endless, max_steps=3)
    in_order(info, [r"Skipping training since max_steps has already saved\."])


def test_a_loss_that_is_no_number(endless: Any, make_estimator: Any, info: Any) -> None:
    model = build_model(optimizer=keras.optimizers.SGD(1e38))
    with pytest.raises(tf_estimator.NanLossDuringTrainingError):
        make_estimator(model).train(endless, max_steps=50)
    in_order(info, [r"Model diverged with loss = NaN\."])


def test_exports(model: keras.Model, input_fn: Any, make_estimator: Any, info: Any) -> None:
    exporters = [tf_estimator.BestExporter("best"), tf_estimator.FinalExporter("final")]
    estimator = make_estimator(model)
    tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(input_fn),
        tf_estimator.EvalSpec(input_fn, exporters=exporters),
    )
    folder = re.escape(f"{estimator.model_dir}/export")
    in_order(
        info,
        [
            r"Performing best model export\.",
            rf"SavedModel written to: {folder}/best/\d{{10}}",
            r"Performing the final export in the end of training\.",
            rf"SavedModel written to: {folder}/final/\d{{10}}",
        ],
    )


def test_an_early_stop(model: keras.Model, endless: Any, make_estimator: Any, info: Any) -> None:
    estimator = make_estimator(model)
    hook = tf_estimator.experimental.make_early_stopping_hook(
        estimator, lambda: True, run_every_secs=None, run_every_steps=3
    )
    estimator.train(endless, hooks=[hook])
    in_order(info, ["Requesting early stopping at global step 1"])
