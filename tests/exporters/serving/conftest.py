"""Small SavedModels, written once, and a folder of versions to put them in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from kerasrun.exporters.serving.load import load
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.store import ModelStore

ROWS = tf.TensorSpec([None, 2], tf.float32, name="x")
TEXTS = tf.TensorSpec([None], tf.string, name="text")


class Affine(tf.Module):
    """Functions of rows of two numbers."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = tf.Variable(factor)
        self.calls = tf.Variable(0)

    @tf.function(input_signature=[ROWS])
    def score(self, x: Any) -> Any:
        """Fails where a number is negative."""
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, "negative number")]):
            total = tf.reduce_sum(x, axis=1) * self.factor
        rows = tf.shape(x)[0]
        return {"y": total, "rows": tf.fill([rows], rows)}  # how many were run at once

    @tf.function(input_signature=[ROWS])
    def mean(self, x: Any) -> Any:
        """One number for all rows, and the same as a text."""
        mean = tf.reduce_mean(x)
        return {"mean": mean, "text": tf.strings.as_string(mean, precision=1)}

    @tf.function(input_signature=[ROWS])
    def count(self, x: Any) -> Any:
        """How often it was called."""
        return {"calls": self.calls.assign_add(1), "rows": tf.shape(x)[0]}

    @tf.function(input_signature=[TEXTS, tf.TensorSpec([None], tf.int64, name="times")])
    def repeat(self, text: Any, times: Any) -> Any:
        return {"repeated": tf.strings.join([text, tf.strings.as_string(times)], "*")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def parse(self, inputs: Any) -> Any:
        feature = {"x": tf.io.FixedLenFeature([2], tf.float32)}
        return {"outputs": tf.reduce_sum(tf.io.parse_example(inputs, feature)["x"], axis=1)}


def write(folder: Path, factor: float) -> Path:
    model = Affine(factor)
    signatures = {
        "serving_default": model.score,
        "mean": model.mean,
        "count": model.count,
        "repeat": model.repeat,
        "parse": model.parse,
    }
    tf.saved_model.save(model, str(folder), signatures)
    return folder


@pytest.fixture(scope="session")
def doubling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel whose `y` is twice the sum."""
    return write(tmp_path_factory.mktemp("doubling") / "model", 2.0)


@pytest.fixture(scope="session")
def tripling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel whose `y` is three times the sum."""
    return write(tmp_path_factory.mktemp("tripling") / "model", 3.0)


@pytest.fixture(scope="session")
def shared_servable(doubling: Path) -> Iterator[Servable]:
    """A loaded model, for tests that leave it as it is."""
    servable = load(str(doubling), "affine", 7)
    yield servable
    servable.close()


@pytest.fixture
def servable(doubling: Path) -> Iterator[Servable]:
    """A loaded model of one's own."""
    servable = load(str(doubling), "affine", 7)
    yield servable
    servable.close()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Where a model's versions lie."""
    folder = tmp_path / "affine"
    folder.mkdir()
    return folder


@pytest.fixture
def put(base: Path) -> Callable[[Path, str], Path]:
    """Puts a SavedModel under a number, at once as an exporter does."""

    def put(model: Path, version: str) -> Path:
        shutil.copytree(model, base / "temp")
        return (base / "temp").rename(base / version)

    return put


@pytest.fixture
def store() -> Iterator[ModelStore]:
    store = ModelStore()
    yield store
    store.close()
