"""A compiled Keras model becomes an Estimator."""

import os
from typing import Any

import keras

from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.keras_program import KerasProgram
from kerasrun.bridge.run_config import RunConfig


def model_to_estimator(
    keras_model: keras.Model | None = None,
    keras_model_path: str | os.PathLike[str] | None = None,
    custom_objects: dict[str, Any] | None = None,
    model_dir: str | os.PathLike[str] | None = None,
    config: RunConfig | None = None,
) -> Estimator:
    """Makes an Estimator of a compiled Keras 3 model; see `tf.keras.estimator.model_to_estimator`.

    The model may be Sequential, functional or subclassed, built or not, trained or not. Its weights
    are where training starts, unless `model_dir` holds a checkpoint.

    Args:
        keras_model: The model. It stays usable, and holds what the Estimator did last.
        keras_model_path: In its place a file that `keras.saving.load_model` reads.
        custom_objects: Handed to `load_model`.
        model_dir: Folder of checkpoints, event files and exports.
        config: How the Estimator runs.

    Raises:
        ValueError: Neither or both of model and path are given; the model is not compiled.
        TypeError: `keras_model` is no Keras model.
    """
    if (keras_model is None) == (keras_model_path is None):
        raise ValueError(
            "model_to_estimator takes keras_model or keras_model_path, one of them; received "
            f"keras_model={keras_model!r} and keras_model_path={keras_model_path!r}."
        )
    if keras_model_path is not None:
        keras_model = keras.saving.load_model(keras_model_path, custom_objects=custom_objects)
    if not isinstance(keras_model, keras.Model):
        raise TypeError(f"keras_model must be a keras.Model; received {keras_model!r}.")
    if getattr(keras_model, "optimizer", None) is None:
        raise ValueError(
            f"The model {keras_model.name!r} is not compiled. Call its compile(optimizer, loss, "
            "metrics) before it becomes an Estimator."
        )
    return Estimator(KerasProgram(keras_model), model_dir=model_dir, config=config)
