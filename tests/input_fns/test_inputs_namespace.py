"""The inputs namespace, from arrays and a data frame through a whole Estimator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrun import estimator as tf_estimator
from kerasrun import input_fns

ROWS = np.arange(100, dtype=np.float32) / 100


def arrays(**how: Any) -> Callable[[], Any]:
    return tf_estimator.inputs.numpy_input_fn({"x": ROWS[:, None]}, 3 * ROWS[:, None] + 1, **how)


def frame(**how: Any) -> Callable[[], Any]:
    x = pd.DataFrame({"x": ROWS})
    return tf_estimator.inputs.pandas_input_fn(x, pd.Series(3 * ROWS + 1), **how)


@pytest.fixture
def line(tmp_path: Path) -> tf_estimator.Estimator:
    """An Estimator of a straight line."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((1,), name="x")
    model = keras.Model(inputs, keras.layers.Dense(1, name="y")(inputs))
    model.compile(keras.optimizers.SGD(0.3), "mse")
    return tf_estimator.model_to_estimator(keras_model=model, model_dir=str(tmp_path))


def test_the_namespace_offers_our_input_fns() -> None:
    assert tf_estimator.inputs.numpy_input_fn is input_fns.numpy_input_fn
    assert tf_estimator.inputs.pandas_input_fn is input_fns.pandas_input_fn


@pytest.mark.parametrize("make", [arrays, frame])
def test_an_estimator_trains_evaluates_predicts_and_exports(
    make: Callable[..., Any], line: tf_estimator.Estimator, tmp_path: Path
) -> None:
    line.train(make(batch_size=20, num_epochs=None, shuffle=True, seed=1), steps=200)
    result = line.evaluate(make(batch_size=30, shuffle=False))
    assert result["global_step"] == 200
    assert result["loss"] < 1e-3, "200 steps find a straight line"
    predicted = [example["y"].item() for example in line.predict(make(shuffle=False))]
    assert predicted == pytest.approx(3 * ROWS + 1, abs=0.1), "one prediction a row, in order"
    export = Path(line.export_saved_model(tmp_path / "export"))
    assert (export / "saved_model.pb").is_file()


@pytest.mark.parametrize("make", [arrays, frame])
def test_training_ends_with_the_data(
    make: Callable[..., Any], line: tf_estimator.Estimator
) -> None:
    line.train(make(batch_size=30, num_epochs=2, shuffle=True))
    assert line.evaluate(make(shuffle=False))["global_step"] == 7, "200 rows in batches of 30"
