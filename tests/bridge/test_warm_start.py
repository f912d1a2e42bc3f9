"""A training that begins with weights of another one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import Arrays, build_model

Train = Callable[..., tf_estimator.Estimator]


@pytest.fixture(scope="module")
def trained(flowers: Arrays, tmp_path_factory: pytest.TempPathFactory) -> tf_estimator.Estimator:
    """A network with statistics of its batches, trained for 4 steps, and not trained further."""
    features, labels = flowers
    keras.utils.set_random_seed(1)
    estimator = tf_estimator.model_to_estimator(
        build_model(keras.layers.BatchNormalization()),
        model_dir=tmp_path_factory.mktemp("first"),
    )
    data = ({"iris_input": features}, labels)
    return estimator.train(lambda: tf.data.Dataset.from_tensor_slices(data).batch(8), max_steps=4)


@pytest.fixture
def begin(tmp_path: Path, input_fn: Any) -> Train:
    """Makes an Estimator of another such network that starts warm, and trains it for no step."""

    def warm(start: Any, model: keras.Model | None = None) -> tf_estimator.Estimator:
        keras.utils.set_random_seed(2)
        model = model or build_model(keras.layers.BatchNormalization())
        estimator = tf_estimator.model_to_estimator(
            model, model_dir=tmp_path / "second", warm_start_from=start
        )
        return estimator.train(lambda: input_fn().take(0))

    return warm


def values(estimator: tf_estimator.Estimator, *names: str) -> list[Any]:
    return [estimator.get_variable_value(name) for name in names]


def same(one: tf_estimator.Estimator, other: tf_estimator.Estimator, name: str) -> bool:
    return np.array_equal(one.get_variable_value(name), other.get_variable_value(name))


@pytest.mark.parametrize(
    "where", ["folder", "checkpoint", "path object", "SavedModel", "settings"], ids=str
)
def test_trainable_variables_come_from_the_other_training(
    where: str, trained: tf_estimator.Estimator, begin: Train, tmp_path: Path
) -> None:
    start: Any = {
        "folder": trained.model_dir,
        "checkpoint": trained.latest_checkpoint(),
        "path object": Path(trained.model_dir),
        "settings": tf_estimator.WarmStartSettings(trained.model_dir),
    }.get(where)
    if where == "SavedModel":
        start = trained.export_saved_model(tmp_path / "export")
    warm = begin(start)
    assert same(warm, trained, "iris/kernel"), "a trainable variable is taken over"
    assert same(warm, trained, "batch_normalization/gamma")
    assert not same(warm, trained, "batch_normalization/moving_mean"), "a statistic is not trained"
    assert values(warm, "global_step", "optimizer/iteration") == [0, 0]


def test_the_evaluation_and_export_before_any_training_are_warm_too(
    trained: tf_estimator.Estimator, input_fn: Any, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(2)
    settings = tf_estimator.WarmStartSettings(trained.model_dir, [".*"])
    warm = tf_estimator.model_to_estimator(
        build_model(keras.layers.BatchNormalization()),
        model_dir=tmp_path / "second",
        warm_start_from=settings,
    )
    result, expected = warm.evaluate(input_fn), trained.evaluate(input_fn)
    assert result["loss"] == expected["loss"]
    assert result["global_step"] == 0
    found = next(warm.predict(input_fn))["probs"]
    np.testing.assert_array_equal(found, next(trained.predict(input_fn))["probs"])


def test_a_string_chooses_among_the_trainable_variables(
    trained: tf_estimator.Estimator, begin: Train
) -> None:
    warm = begin(tf_estimator.WarmStartSettings(trained.model_dir, "iris/"))
    assert same(warm, trained, "iris/kernel")
    assert not same(warm, trained, "probs/kernel")


def test_a_list_chooses_among_all_variables(trained: tf_estimator.Estimator, begin: Train) -> None:
    chosen = ["moving_", "optimizer/iris/kernel"]
    warm = begin(tf_estimator.WarmStartSettings(trained.model_dir, chosen))
    assert same(warm, trained, "batch_normalization/moving_mean")
    assert same(warm, trained, "optimizer/iris/kernel/momentum")
    assert not same(warm, trained, "iris/kernel")


def test_none_starts_cold(trained: tf_estimator.Estimator, begin: Train) -> None:
    warm = begin(tf_estimator.WarmStartSettings(trained.model_dir, None))
    assert not same(warm, trained, "iris/kernel")


def test_a_variable_may_have_had_another_name(
    trained: tf_estimator.Estimator, begin: Train
) -> None:
    layers = [keras.layers.Dense(5, activation="relu", name="flower"), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((4,), name="iris_input"), *layers])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    renamed = {"flower/kernel": "iris/kernel", "flower/bias": "iris/bias"}
    settings = tf_estimator.WarmStartSettings(
        trained.model_dir, "flower", var_name_to_prev_var_name=renamed
    )
    kernel = begin(settings, model).get_variable_value("flower/kernel")
    np.testing.assert_array_equal(kernel, trained.get_variable_value("iris/kernel"))


def test_a_checkpoint_of_ones_own_comes_first(
    trained: tf_estimator.Estimator, begin: Train, endless: Any, tmp_path: Path
) -> None:
    begin(trained.model_dir).train(endless, max_steps=2)
    again = begin(trained.model_dir)
    assert again.get_variable_value("global_step") == 2
    assert not same(again, trained, "iris/kernel")


def test_it_is_logged(
    trained: tf_estimator.Estimator, begin: Train, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "tensorflow"):
        begin(trained.model_dir)
    assert "Warm-starting with WarmStartSettings(ckpt_to_initialize_from=" in caplog.text
    assert "Warm-started 6 variables." in caplog.text


def wider() -> keras.Model:
    layers = [keras.layers.Dense(7, name="iris"), keras.layers.Dense(3, name="prob")]
    model = keras.Sequential(layers)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def test_weights_that_do_not_fit_are_named(trained: tf_estimator.Estimator, begin: Train) -> None:
    with pytest.raises(ValueError, match="cannot be warm-started from") as caught:
        begin(trained.model_dir, wider())
    assert r"iris/kernel is [4, 7] in the model and [4, 5] there." in str(caught.value)
    assert "prob/bias is not there. Did you mean 'probs/bias'?" in str(caught.value)
    assert "var_name_to_prev_var_name" in str(caught.value), "the mend is said"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vars_to_warm_start": "rose"}, "'rose' matches none of the variables"),
        ({"vars_to_warm_start": ["rose", "lily"]}, "matches none of the variables"),
        (
            {"var_name_to_prev_var_name": {"iris/kernal": "x"}},
            "'iris/kernal', which is no variable of the model. Did you mean 'iris/kernel'",
        ),
    ],
)
def test_names_of_nothing_are_refused(
    settings: dict[str, Any], message: str, trained: tf_estimator.Estimator, begin: Train
) -> None:
    with pytest.raises(ValueError, match=message):
        begin(tf_estimator.WarmStartSettings(trained.model_dir, **settings))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"ckpt_to_initialize_from": ""}, ValueError, "must be the path of a checkpoint .* ''"),
        ({"vars_to_warm_start": "("}, ValueError, r"'\(' is no regular expression"),
        ({"vars_to_warm_start": [1]}, TypeError, "a list of them; received 1 in"),
        ({"vars_to_warm_start": 1}, TypeError, "a list of them; received 1"),
        ({"var_name_to_vocab_info": {"a": 1}}, ValueError, "not supported yet; .*'a'"),
    ],
)
def test_settings_are_checked(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tf_estimator.WarmStartSettings(**{"ckpt_to_initialize_from": "here", **settings})


def test_a_path_without_a_checkpoint_is_refused_at_once(model: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing to warm-start from at .*nowhere"):
        tf_estimator.model_to_estimator(model, warm_start_from=tmp_path / "nowhere")
    with pytest.raises(TypeError, match=r"a path or a WarmStartSettings; received \{\}"):
        tf_estimator.model_to_estimator(model, warm_start_from={})  # type: ignore[arg-type]
