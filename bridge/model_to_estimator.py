"""A compiled Keras model becomes an Estimator."""

import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from kerasrun.bridge.distribute.unwrapped import unwrap
from kerasrun.bridge.eager import eagerly
from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.keras_program import KerasProgram
from kerasrun.bridge.metric_names import MetricNames
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.bridge.warm_start import WarmStart, WarmStartSettings
from kerasrun.exporters import ExportOutput

_CHECKPOINT_FORMATS = ("checkpoint", "saver")


@eagerly
def model_to_estimator(
    keras_model: keras.Model | None = None,
    keras_model_path: str | os.PathLike[str] | None = None,
    custom_objects: dict[str, Any] | None = None,
    model_dir: str | os.PathLike[str] | None = None,
    config: RunConfig | None = None,
    checkpoint_format: str | None = "checkpoint",
    metric_names_map: Mapping[str, str] | None = None,
    export_outputs: Mapping[str, type[ExportOutput]] | None = None,
    warm_start_from: WarmStartSettings | str | os.PathLike[str] | None = None,
) -> Estimator:
    """Makes an Estimator of a compiled Keras 3 model; see `tf.keras.estimator.model_to_estimator`.

    The model may be Sequential, functional or subclassed, built or not, trained or not. Its weights
    are where training starts, unless `model_dir` holds a checkpoint.

    Args:
        keras_model: The model. It stays usable, and holds what the Estimator did last.
        keras_model_path: In its place a `.keras` or `.h5` file, as `keras.Model.save` writes it.
        custom_objects: Classes and functions by name that the file needs.
        model_dir: Folder of checkpoints, event files and exports.
        config: How the Estimator runs.
        checkpoint_format: `checkpoint` or `saver`; the files are the same.
        metric_names_map: The model's name of each metric to the name in results and summaries.
        export_outputs: Names of outputs to `PredictOutput`, `RegressionOutput` or
            `ClassificationOutput` (`.with_classes([...])` names its classes): exports have a
            signature of that name and kind beside `serving_default`. The last two need a receiver
            of one string tensor, and are left out with any other.
        warm_start_from: Where the first weights come from, while `model_dir` holds no checkpoint: a
            checkpoint, a folder of them or a SavedModel for all trainable variables; or settings.

    Raises:
        ValueError: Neither or both of model and path are given; the model is not compiled; the path
            is a folder; there is no such `checkpoint_format`; there is nothing to warm-start from.
            Later, in train and evaluate: the metrics are others than those of `metric_names_map`,
            or the weights to start warm with do not fit.
        OSError: There is no file at `keras_model_path`.
        TypeError: `keras_model` is no Keras model, or an export output is of no such class.
        KeyError: Later, in any verb: the model has no output of a name in `export_outputs`.
    """
    if (keras_model is None) == (keras_model_path is None):
        raise ValueError(
            "model_to_estimator takes keras_model or keras_model_path, one of them; received "
            f"keras_model={keras_model!r} and keras_model_path={keras_model_path!r}."
        )
    _check_checkpoint_format(checkpoint_format)
    _check_export_outputs(export_outputs)
    names = MetricNames(metric_names_map)
    if keras_model_path is not None:
        keras_model = _loaded(os.fspath(keras_model_path), custom_objects)
    warm_start = None if warm_start_from is None else WarmStart(warm_start_from)
    unwrap(_checked(keras_model))
    program = KerasProgram(keras_model, names, export_outputs, warm_start)
    return Estimator.of(program, model_dir=model_dir, config=config)


def _loaded(path: str, custom_objects: dict[str, Any] | None) -> Any:
    if not tf.io.gfile.exists(path):
        folder, name = os.path.split(path)
        others = tf.io.gfile.listdir(folder or ".") if tf.io.gfile.isdir(folder or ".") else []
        raise FileNotFoundError(f"keras_model_path: no file {path!r}.{did_you_mean(name, others)}")
    if tf.io.gfile.isdir(path):
        raise ValueError(
            f"keras_model_path {path!r} is a folder, which Keras 3 does not load as a model. Save "
            "the model to a .keras or .h5 file."
        )
    import kerasrun.bridge.feature_columns  # noqa: F401  # its layers are then known by name

    return keras.saving.load_model(path, custom_objects=custom_objects)


def _checked(model: Any) -> keras.Model:
    if not isinstance(model, keras.Model):
        raise TypeError(f"keras_model must be a keras.Model; received {model!r}.")
    if getattr(model, "optimizer", None) is None:
        raise ValueError(
            f"The model {model.name!r} is not compiled. Call its compile(optimizer, loss, "
            "metrics) before it becomes an Estimator."
        )
    return model


def _check_checkpoint_format(given: str | None) -> None:
    if given is not None and given not in _CHECKPOINT_FORMATS:
        raise ValueError(
            f"checkpoint_format must be one of {_CHECKPOINT_FORMATS}; received {given!r}."
            f"{did_you_mean(str(given), _CHECKPOINT_FORMATS)}"
        )


def _check_export_outputs(outputs: Mapping[str, type[ExportOutput]] | None) -> None:
    if outputs is not None and not isinstance(outputs, Mapping):
        raise TypeError(
            f"export_outputs must be a dict of output name to class; received {outputs!r}."
        )
    for name, kind in (outputs or {}).items():
        if not (isinstance(kind, type) and issubclass(kind, ExportOutput)):
            raise TypeError(
                f"export_outputs[{name!r}] must be PredictOutput, RegressionOutput or "
                f"ClassificationOutput, the class itself; received {kind!r}."
            )
