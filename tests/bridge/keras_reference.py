"""The same training twice: by Keras itself, and through the bridge; and the comparison."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun import estimator as tf_estimator

Build = Callable[[], keras.Model]
Data = Callable[[], tf.data.Dataset]
EPOCHS = 2


def twins(build: Build) -> tuple[keras.Model, keras.Model]:
    """Two models, equal to the last random number."""
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        models.append(build())
    return models[0], models[1]


def batches(*elements: Any, size: int = 10) -> Data:
    """A function of the dataset of these arrays, in order, in batches of `size`."""
    return lambda: tf.data.Dataset.from_tensor_slices(elements).batch(size)


def features_of(data: Data) -> Data:
    """The same data without labels and weights."""
    return lambda: data().map(lambda x, *_: (x,))


def estimator_of(model: keras.Model, folder: Path, **settings: Any) -> tf_estimator.Estimator:
    config = tf_estimator.RunConfig(**settings)
    return tf_estimator.model_to_estimator(model, model_dir=folder, config=config)


def assert_equal(found: Any, expected: Any, what: str, rtol: float = 1e-6) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: {found.shape} is not {expected.shape}"
    np.testing.assert_allclose(
        found.astype("float64"), expected.astype("float64"), rtol, atol=1e-7, err_msg=what
    )


def assert_same_weights(found: keras.Model, expected: keras.Model, rtol: float = 1e-6) -> None:
    for ours, theirs in zip(found.variables, expected.variables, strict=True):
        assert_equal(ours, theirs, theirs.path, rtol)


def assert_same_evaluation(
    estimator: tf_estimator.Estimator, expected: keras.Model, data: Data, rtol: float = 1e-6
) -> None:
    """Batches must be of one size: Keras weights their losses by it."""
    theirs = expected.evaluate(data(), verbose=0, return_dict=True)
    ours = estimator.evaluate(data)
    ours.pop("global_step")
    assert set(ours) == set(theirs), "the names of the metrics"
    for name, value in theirs.items():
        assert_equal(ours[name], value, name, rtol)


def assert_same_predictions(
    estimator: tf_estimator.Estimator, expected: keras.Model, data: Data, rtol: float = 1e-6
) -> None:
    theirs = expected.predict(data(), verbose=0)
    ours = list(estimator.predict(features_of(data), yield_single_examples=False))
    if not isinstance(theirs, dict):
        names = list(ours[0])
        listed = theirs if isinstance(theirs, (list, tuple)) else [theirs]
        theirs = dict(zip(names, listed, strict=True))
    for name, value in theirs.items():
        assert_equal(np.concatenate([batch[name] for batch in ours]), value, name, rtol)


def assert_trains_as_keras(
    build: Build, data: Data, folder: Path, rtol: float = 1e-6
) -> tuple[tf_estimator.Estimator, keras.Model]:
    """Training of equal models comes to the same weights.

    Args:
        build: Makes a compiled model.
        data: Makes a dataset whose length is known, in batches of one size.
        folder: Where the Estimator works.
        rtol: How far they may be apart, relative to the value.

    Returns:
        The Estimator, and the model that Keras trained.
    """
    expected, model = twins(build)
    expected.fit(data(), epochs=EPOCHS, shuffle=False, verbose=0)
    estimator = estimator_of(model, folder).train(lambda: data().repeat(EPOCHS))
    assert_same_weights(model, expected, rtol)
    return estimator, expected


def assert_evaluates_as_keras(build: Build, data: Data, folder: Path, rtol: float = 1e-6) -> None:
    """Training and evaluation come to the same; arguments are those of the training."""
    estimator, expected = assert_trains_as_keras(build, data, folder, rtol)
    assert_same_evaluation(estimator, expected, data, rtol)


def assert_equals_keras(build: Build, data: Data, folder: Path, rtol: float = 1e-6) -> None:
    """Training, evaluation and prediction come to the same; arguments are those of the training."""
    estimator, expected = assert_trains_as_keras(build, data, folder, rtol)
    assert_same_evaluation(estimator, expected, data, rtol)
    assert_same_predictions(estimator, expected, data, rtol)
