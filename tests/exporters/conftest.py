"""A small estimator that really writes SavedModels, and models to write."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import (
    Signature,
    TracedReceiver,
    build_raw_serving_input_receiver_fn,
    resources_of,
    trace_receiver,
    write_saved_model,
)


class TinyEstimator:
    """The two public members of an Estimator that exporters use, over one Keras model."""

    def __init__(self, model_dir: Path, model: keras.Model) -> None:
        self.model_dir, self.model = str(model_dir), model
        self.calls: list[dict[str, Any]] = []

    def export_saved_model(
        self,
        export_dir_base: str,
        serving_input_receiver_fn: Callable[[], Any] | None,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
    ) -> str:
        self.calls.append({"checkpoint_path": checkpoint_path})
        default = build_raw_serving_input_receiver_fn({"x": tf.TensorSpec([None, 2], tf.float32)})
        signature = Signature(
            "serving_default",
            lambda features: {"y": self.model(features["x"])},
            trace_receiver(serving_input_receiver_fn or default),
        )
        return write_saved_model(
            export_dir_base,
            [signature],
            self.model.variables,
            resources_of(self.model),
            assets_extra=assets_extra,
            as_text=as_text,
        ).path


@pytest.fixture(scope="session")
def dense_model() -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="y")])
    model.set_weights([np.array([[2.0], [3.0]]), np.array([1.0])])
    return model


@pytest.fixture
def estimator(tmp_path: Path, dense_model: keras.Model) -> TinyEstimator:
    return TinyEstimator(tmp_path / "model", dense_model)


@pytest.fixture
def export_path(estimator: TinyEstimator) -> Path:
    return Path(estimator.model_dir) / "export" / "it"


@pytest.fixture
def run_python() -> Callable[[str], str]:
    """Runs a program in a process of its own and returns what it printed."""

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", f"import gc; gc.disable()\n{code}"],  # the import is shorter so
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()

    return run


@pytest.fixture
def weight() -> tf.Variable:
    return tf.Variable([[2.0], [3.0]], name="weight")


def raw(**shapes: Any) -> TracedReceiver:
    """A receiver of float32 features of these shapes."""
    specs = {name: tf.TensorSpec(shape, tf.float32) for name, shape in shapes.items()}
    return trace_receiver(build_raw_serving_input_receiver_fn(specs))


def linear(weight: Any, name: str = "serving_default", output: str = "y") -> Signature:
    """A signature that multiplies the feature `x` by `weight`."""
    return Signature(name, lambda f: {output: f["x"] @ weight}, raw(x=[None, 2]))
