"""`run_eagerly`, `jit_compile`, and a model that is compiled again."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import build_model


class Watched(keras.layers.Layer):
    """Counts how often Python runs it."""

    def __init__(self) -> None:
        super().__init__()
        self.eager_calls = 0

    def call(self, inputs: Any) -> Any:
        if not keras.backend.is_keras_tensor(inputs) and tf.executing_eagerly():
            self.eager_calls += 1
        return inputs


def test_run_eagerly_runs_each_step_as_python_with_the_same_results(
    input_fn: Any, make_estimator: Any
) -> None:
    results = {}
    for eagerly in (False, True):
        keras.utils.set_random_seed(1)
        watched = Watched()
        model = build_model(watched, run_eagerly=eagerly)
        estimator = make_estimator(model, f"eagerly-{eagerly}")
        estimator.train(input_fn)
        assert watched.eager_calls == (4 if eagerly else 0), "one call a batch in training"
        result = estimator.evaluate(input_fn)
        predicted = np.stack([p["probs"] for p in estimator.predict(input_fn)])
        assert watched.eager_calls == (12 if eagerly else 0), "and in evaluation and prediction"
        results[eagerly] = (result["loss"], predicted)
    np.testing.assert_allclose(results[True][0], results[False][0], rtol=1e-6)
    np.testing.assert_allclose(results[True][1], results[False][1], rtol=1e-6)


def test_jit_compile_changes_no_result(
    model: keras.Model, input_fn: Any, make_estimator: Any
) -> None:
    expected = make_estimator(model, "expected").train(input_fn).evaluate(input_fn)
    for setting in ("auto", True, False):
        keras.utils.set_random_seed(1)
        estimator = make_estimator(build_model(jit_compile=setting), f"jit-{setting}")
        result = estimator.train(input_fn).evaluate(input_fn)
        assert result == pytest.approx(expected, rel=1e-6), setting


def test_a_model_compiled_again_needs_a_new_estimator(
    model: keras.Model, input_fn: Any, endless: Any, make_estimator: Any
) -> None:
    old = make_estimator(model).train(endless, steps=3)
    top = keras.metrics.SparseTopKCategoricalAccuracy(2, name="top")
    again = keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(again, "sparse_categorical_crossentropy", metrics=[top])
    for verb in (old.train, old.evaluate, lambda fn: list(old.predict(fn))):
        with pytest.raises(ValueError, match="compiled again after it became an Estimator"):
            verb(input_fn)
    new = tf_estimator.model_to_estimator(model, model_dir=old.model_dir)
    assert "top" in new.evaluate(input_fn)
    assert new.train(endless, steps=1).get_variable_value("global_step") == 4
