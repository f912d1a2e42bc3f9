"""`keras_model_path`: a model out of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, build_model


def twice_relu(x: Any) -> Any:
    return 2.0 * keras.ops.relu(x)


@pytest.fixture
def saved(tmp_path: Path, flowers: Arrays) -> Callable[[str, keras.Model], str]:
    """Fits a model for one epoch, saves it, and returns the path."""

    def save(name: str, model: keras.Model) -> str:
        model.fit(*flowers, verbose=0)
        model.save(tmp_path / name)
        return str(tmp_path / name)

    return save


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_it_is_read_with_its_weights_and_goes_on_training(
    name: str, saved: Any, model: keras.Model, flowers: Arrays, input_fn: Any, tmp_path: Path
) -> None:
    path = saved(name, model)
    estimator = tf_estimator.model_to_estimator(keras_model_path=path, model_dir=tmp_path / "out")
    found = np.stack([p["probs"] for p in estimator.predict(input_fn)])
    np.testing.assert_allclose(found, model(flowers[0]), rtol=1e-5)
    assert "accuracy" in estimator.train(input_fn).evaluate(input_fn)


def test_custom_objects_are_honoured(
    saved: Any, flowers: Arrays, input_fn: Any, tmp_path: Path
) -> None:
    model = build_model(keras.layers.Dense(2, activation=twice_relu))
    path = saved("model.keras", model)
    with pytest.raises(TypeError, match="twice_relu"):
        tf_estimator.model_to_estimator(keras_model_path=path, model_dir=tmp_path / "out")
    estimator = tf_estimator.model_to_estimator(
        keras_model_path=path,
        custom_objects={"twice_relu": twice_relu},
        model_dir=tmp_path / "out",
    )
    found = np.stack([p["probs"] for p in estimator.predict(input_fn)])
    np.testing.assert_allclose(found, model(flowers[0]), rtol=1e-5)


def test_a_file_that_is_not_there_is_an_error_of_the_system(
    saved: Any, model: keras.Model, tmp_path: Path
) -> None:
    saved("model.keras", model)
    with pytest.raises(OSError, match=r"no file '.*/modell.keras'. Did you mean 'model.keras'\?"):
        tf_estimator.model_to_estimator(keras_model_path=tmp_path / "modell.keras")
    with pytest.raises(OSError, match=r"no file '.*nowhere/model.h5'"):
        tf_estimator.model_to_estimator(keras_model_path=tmp_path / "nowhere" / "model.h5")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder, which Keras 3 does not load"):
        tf_estimator.model_to_estimator(keras_model_path=tmp_path)


def test_a_file_of_a_model_that_was_not_compiled_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="is not compiled"):
        tf_estimator.model_to_estimator(keras_model_path=tmp_path / "model.keras")
