"""How metrics are called in results and summaries, and `metric_names_map`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.conftest import build_model

Scalars = Callable[[str], dict[str, list[tuple[int, float]]]]


def two_headed(**compiled: Any) -> keras.Model:
    entry = keras.Input((1,), name="a")
    model = keras.Model(entry, [keras.layers.Dense(1, name=name)(entry) for name in ("c", "d")])
    model.compile(optimizer="sgd", loss="mse", **compiled)
    return model


def pairs() -> tf.data.Dataset:
    ones = np.ones([4, 1], np.float32)
    return tf.data.Dataset.from_tensor_slices(({"a": ones}, (ones, 2 * ones))).batch(2)


def renaming(model: keras.Model, tmp_path: Path, names: Any) -> tf_estimator.Estimator:
    return tf_estimator.model_to_estimator(
        model, model_dir=tmp_path / "model", metric_names_map=names
    )


def results(estimator: Any, input_fn: Any) -> set[str]:
    return set(estimator.evaluate(input_fn)) - {"loss", "global_step"}


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("accuracy", "accuracy"),
        ("acc", "acc"),
        (keras.metrics.SparseCategoricalAccuracy(name="hits"), "hits"),
        (keras.metrics.SparseTopKCategoricalAccuracy(k=2), "sparse_top_k_categorical_accuracy"),
    ],
)
def test_a_metric_has_the_name_that_it_was_compiled_with(
    input_fn: Any, make_estimator: Any, metric: Any, name: str
) -> None:
    assert results(make_estimator(build_model(metrics=[metric])), input_fn) == {name}


def test_a_metric_called_loss_steps_aside(input_fn: Any, make_estimator: Any) -> None:
    metric = keras.metrics.SparseCategoricalAccuracy(name="loss")
    plain = make_estimator(build_model(), "plain")
    named = make_estimator(build_model(metrics=[metric]), "named")
    plain.train(input_fn, steps=1)
    result = named.train(input_fn, steps=1).evaluate(input_fn)
    assert set(result) == {"loss", "loss_1", "global_step"}
    assert 0.0 <= result["loss_1"] <= 1.0
    assert (result["loss_1"] * 30) == pytest.approx(round(float(result["loss_1"]) * 30))


def test_metrics_of_several_outputs_have_the_outputs_names(make_estimator: Any) -> None:
    model = two_headed(metrics=[["mae"], ["mae"]])
    assert {"c_mae", "d_mae"} <= results(make_estimator(model), pairs)


def test_weighted_metrics_are_reported_too(input_fn: Any, make_estimator: Any) -> None:
    model = build_model(metrics=[], weighted_metrics=["accuracy"])
    assert results(make_estimator(model), input_fn) == {"accuracy"}


def test_the_map_renames_results_and_summaries(
    input_fn: Any, tmp_path: Path, scalars: Scalars
) -> None:
    estimator = renaming(build_model(), tmp_path, {"accuracy": "hits"}).train(input_fn)
    assert results(estimator, input_fn) == {"hits"}
    for folder in (estimator.model_dir, estimator.eval_dir()):
        assert {"hits", "loss"} <= set(scalars(folder))
        assert "accuracy" not in scalars(folder)


def test_the_map_renames_the_metrics_of_several_outputs(tmp_path: Path) -> None:
    names = {"c_mae": "first", "d_mae": "second"}
    estimator = renaming(two_headed(metrics=[["mae"], ["mae"]]), tmp_path, names)
    result = estimator.evaluate(pairs)
    plain = tf_estimator.model_to_estimator(
        two_headed(metrics=[["mae"], ["mae"]]), model_dir=tmp_path / "plain"
    )
    assert {"first", "second"} <= set(result)
    assert not {"c_mae", "d_mae"} & set(result)
    assert {"c_mae", "d_mae"} <= set(plain.evaluate(pairs))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"acuracy": "hits"}, r"no metric 'acuracy'; it has \['accuracy'.*mean 'accuracy'\?"),
        ({"accuracy": "hits", "auc": "area"}, "no metric 'auc'"),
        ({"sparse_categorical_crossentropy": "entropy"}, r"it lacks \['accuracy'\]"),
    ],
)
def test_a_map_that_does_not_fit_is_an_error_in_train_and_evaluate_only(
    input_fn: Any, tmp_path: Path, names: Any, message: str
) -> None:
    metrics = ["accuracy", "sparse_categorical_crossentropy"]
    estimator = renaming(build_model(metrics=metrics), tmp_path, names)
    for verb in (estimator.train, estimator.evaluate):
        with pytest.raises(ValueError, match=message):
            verb(input_fn)
    assert next(estimator.predict(input_fn))["probs"].shape == (3,)


def test_without_metrics_the_map_is_ignored(input_fn: Any, tmp_path: Path) -> None:
    estimator = renaming(build_model(metrics=None), tmp_path, {"accuracy": "hits"})
    assert results(estimator.train(input_fn, steps=1), input_fn) == set()


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (["accuracy"], TypeError, "must be a dict of the model's metric name"),
        ({"accuracy": 1}, TypeError, "must be a dict of the model's metric name"),
        ({"a": "x", "b": "x"}, ValueError, "the name 'x', which another entry"),
        ({"accuracy": "loss"}, ValueError, "the name 'loss', which another entry"),
    ],
)
def test_a_map_that_never_fits_is_refused_at_once(
    tmp_path: Path, names: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        renaming(build_model(), tmp_path, names)
