"""What becomes an Estimator, and what happens to the model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, build_model


def test_a_model_or_a_path_is_needed_not_both(model: keras.Model) -> None:
    with pytest.raises(ValueError, match="keras_model or keras_model_path, one of them"):
        tf_estimator.model_to_estimator()
    with pytest.raises(ValueError, match="one of them"):
        tf_estimator.model_to_estimator(keras_model=model, keras_model_path="model.keras")


def test_a_model_that_is_not_compiled_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'bare' is not compiled. Call its compile\("):
        tf_estimator.model_to_estimator(keras.Sequential([keras.layers.Dense(1)], name="bare"))


def test_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match=r"must be a keras.Model; received 'model'"):
        tf_estimator.model_to_estimator("model")


def test_a_saved_model_file_is_read_with_its_weights(
    tmp_path: Path, model: keras.Model, flowers: Arrays, input_fn: Any
) -> None:
    model.fit(*flowers, verbose=0)
    expected = model(flowers[0])
    model.save(tmp_path / "model.keras")
    estimator = tf_estimator.model_to_estimator(
        keras_model_path=tmp_path / "model.keras", model_dir=tmp_path / "out"
    )
    found = np.stack([p["probs"] for p in estimator.predict(input_fn)])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_model_dir_and_config_must_agree(model: keras.Model, tmp_path: Path) -> None:
    config = tf_estimator.RunConfig(model_dir="here")
    with pytest.raises(ValueError, match=r"model_dir is '.*there' but config.model_dir is 'here'"):
        tf_estimator.model_to_estimator(model, model_dir=tmp_path / "there", config=config)
    estimator = tf_estimator.model_to_estimator(model, config=config)
    assert estimator.model_dir == estimator.config.model_dir == "here"


@pytest.mark.parametrize("name", ["lr=[0.1]", "what?", "all*"])
def test_a_folder_that_tensorflow_could_not_read_is_refused(
    model: keras.Model, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ValueError, match=r"which TensorFlow takes for a pattern: .* another name"):
        tf_estimator.model_to_estimator(model, model_dir=tmp_path / name)


def test_a_config_of_another_kind_is_refused(model: keras.Model) -> None:
    with pytest.raises(ValueError, match=r"config must be a RunConfig; received \{\}"):
        tf_estimator.model_to_estimator(model, config={})  # type: ignore[arg-type]


def test_without_a_folder_a_temporary_one_is_used_and_said(
    model: keras.Model, caplog: pytest.LogCaptureFixture
) -> None:
    estimator = tf_estimator.model_to_estimator(model)
    assert Path(estimator.model_dir).is_dir()
    assert f"Using temporary folder as model directory: {estimator.model_dir}" in caplog.text
    Path(estimator.model_dir).rmdir()


def test_all_weights_of_a_fitted_model_carry_over(
    flowers: Arrays, input_fn: Callable[[], Any], make_estimator: Any
) -> None:
    """Moving statistics of BatchNormalization among them, which tf.estimator lost."""
    model = build_model(keras.layers.BatchNormalization())
    model.fit(*flowers, epochs=3, verbose=0)
    expected = model.evaluate(*flowers, batch_size=30, verbose=0, return_dict=True)
    result = make_estimator(model).evaluate(lambda: input_fn().unbatch().batch(30))
    assert result["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert result["global_step"] == 0


def test_training_of_a_fitted_model_starts_with_a_fresh_optimizer(
    flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    model = build_model()
    model.fit(*flowers, epochs=2, verbose=0)
    estimator = make_estimator(model)
    estimator.train(input_fn, steps=3)
    assert estimator.get_variable_value("optimizer/iteration") == 3


def test_the_users_model_stays_usable_and_holds_what_was_trained(
    model: keras.Model, flowers: Arrays, input_fn: Any, make_estimator: Any
) -> None:
    estimator = make_estimator(model)
    estimator.train(input_fn)
    kernel = estimator.get_variable_value("iris/kernel")
    np.testing.assert_array_equal(model.get_layer("iris").kernel, kernel)
    assert model.predict(flowers[0], verbose=0).shape == (30, 3)
    model.fit(*flowers, verbose=0)


@pytest.mark.parametrize("built", [True, False])
def test_a_second_estimator_of_a_model_does_not_begin_where_the_first_is(
    flowers: Arrays, endless: Any, make_estimator: Any, built: bool
) -> None:
    kernels = []
    for alone in (True, False):
        keras.utils.set_random_seed(1)
        model = build_model(keras.layers.BatchNormalization())
        if built:
            model(flowers[0])
        first, second = make_estimator(model, f"a{alone}"), make_estimator(model, f"b{alone}")
        if not alone:
            first.train(endless, steps=20)
        second.train(endless, steps=5)
        kernels.append(second.get_variable_value("iris/kernel"))
    np.testing.assert_array_equal(*kernels)
    assert second.get_variable_value("optimizer/iteration") == 5


def test_two_estimators_of_one_model_do_not_disturb_each_other(
    model: keras.Model, flowers: Arrays, endless: Any, input_fn: Any, make_estimator: Any
) -> None:
    model(flowers[0])
    first, second = make_estimator(model, "first"), make_estimator(model, "second")
    untrained = second.evaluate(input_fn)
    first.train(endless, steps=20)
    trained = first.evaluate(input_fn)
    assert second.evaluate(input_fn) == untrained
    second.train(endless, steps=1)
    assert first.evaluate(input_fn) == trained
    assert first.train(endless, steps=1).get_variable_value("optimizer/iteration") == 21
