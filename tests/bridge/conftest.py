"""Real flowers, small models, and Estimators in a folder of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.bridge.observer import Observer

DATA = Path(__file__).parents[2] / "examples" / "data"
Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def read_iris(name: str) -> Arrays:
    table = np.loadtxt(DATA / name, delimiter=",", skiprows=1)
    return table[:, :4].astype("float32"), table[:, 4].astype("int32")


@pytest.fixture(scope="session")
def flowers() -> Arrays:
    """The 30 test flowers: features `[30, 4]`, species `[30]`."""
    return read_iris("iris_test.csv")


@pytest.fixture
def input_fn(flowers: Arrays) -> Callable[[], tf.data.Dataset]:
    """The flowers once, in order, in batches of 8: four batches, the last of 6."""
    features, labels = flowers
    return lambda: tf.data.Dataset.from_tensor_slices(({"iris_input": features}, labels)).batch(8)


@pytest.fixture
def endless(input_fn: Callable[[], tf.data.Dataset]) -> Callable[[], tf.data.Dataset]:
    """The same four batches again and again."""
    return lambda: input_fn().repeat()


def build_model(*layers: keras.layers.Layer, **compiled: Any) -> keras.Model:
    model = keras.Sequential(
        [
            keras.layers.Dense(5, activation="relu", name="iris"),
            *layers,
            keras.layers.Dense(3, activation="softmax", name="probs"),
        ]
    )
    model.compile(
        **{
            "optimizer": keras.optimizers.SGD(0.05, momentum=0.9),
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **compiled,
        }
    )
    return model


def plain_model() -> keras.Model:
    """The least that can be trained: its weights tell which batches it has seen, in which order."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax", name="iris")])
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    return model


@pytest.fixture
def model() -> keras.Model:
    """A Sequential of Dense layers, compiled and not built, the same weights each time."""
    keras.utils.set_random_seed(1)
    return build_model()


@pytest.fixture
def make_estimator(tmp_path: Path) -> Callable[..., tf_estimator.Estimator]:
    """Makes an Estimator of a model in `tmp_path/model_dir`; settings are RunConfig's."""

    def make(
        model: keras.Model, model_dir: str = "model_dir", **settings: Any
    ) -> tf_estimator.Estimator:
        config = tf_estimator.RunConfig(**settings)
        return tf_estimator.model_to_estimator(
            keras_model=model, model_dir=str(tmp_path / model_dir), config=config
        )

    return make


class Recorder(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.checkpoints: list[int] = []
        self.evaluations: list[int] = []
        self.exports: list[tuple[str, str, int, float]] = []
        self.ends: list[int] = []
        self.said: list[str] = []

    def checkpoint_saved(self, path: str, step: int) -> None:
        self.checkpoints.append(step)

    def evaluated(self, name: str | None, result: Any, checkpoint_path: str) -> None:
        self.evaluations.append(int(result["global_step"]))

    def exported(self, exporter_name: str, path: str, examples: int, difference: float) -> None:
        self.exports.append((exporter_name, path, examples, difference))

    def train_end(self, step: int) -> None:
        self.ends.append(step)

    def notice(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def recorder() -> Recorder:
    """An observer to be added to an Estimator."""
    return Recorder()
