"""The iris example: whole data, and a model that learns them."""

import importlib.util
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def keras_iris() -> Any:
    spec = importlib.util.spec_from_file_location("keras_iris", EXAMPLES / "keras_iris.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_hold_fishers_150_flowers_ten_of_each_species_for_testing() -> None:
    train = pd.read_csv(EXAMPLES / "data" / "iris_train.csv")
    test = pd.read_csv(EXAMPLES / "data" / "iris_test.csv")
    assert train["species"].value_counts().to_dict() == {0: 40, 1: 40, 2: 40}
    assert test["species"].value_counts().to_dict() == {0: 10, 1: 10, 2: 10}
    both = pd.concat([train, test])
    assert both.drop(columns="species").sum().round(1).tolist() == [876.5, 458.6, 563.7, 179.9]


def test_its_input_fns_feed_what_the_model_asks_for(keras_iris: Any) -> None:
    (element,) = keras_iris.eval_input_fn()
    features, labels = element
    assert list(features) == ["iris_input"]
    assert features["iris_input"].shape == (30, 4)
    assert labels.shape == (30,)


def test_it_learns_in_1000_steps(keras_iris: Any) -> None:
    def unpacked(features: Any, labels: Any) -> Any:
        return features["iris_input"], labels

    keras.utils.set_random_seed(1)
    model = keras_iris.build_model()
    train = keras_iris.train_input_fn().map(unpacked)
    with pytest.warns(UserWarning, match="shuffle=True"):  # Keras says so of every dataset
        model.fit(train, steps_per_epoch=1000, epochs=1, verbose=0)
    result = model.evaluate(keras_iris.eval_input_fn().map(unpacked), verbose=0, return_dict=True)
    assert result["accuracy"] >= 0.93
