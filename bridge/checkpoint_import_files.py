"""A model that has taken over old weights, written as a checkpoint or as a Keras file."""

import os
import tempfile

import keras
import tensorflow as tf

from kerasrun.bridge.checkpoints import Checkpoints
from kerasrun.bridge.keras_optimizer import keeps_averages, unused
from kerasrun.bridge.model_folder import ModelFolder
from kerasrun.bridge.variable_names import model_variables, optimizer_variables
from kerasrun.exporters.durable import flush_to_disk

WEIGHTS_END, MODEL_END = ".weights.h5", ".keras"


class ExistsError(ValueError):
    """What was to be written is there already."""


def check_no_checkpoint(model_dir: str) -> None:
    """Looks that nothing is written over.

    Raises:
        ExistsError: There are checkpoints in the folder.
        ValueError: No checkpoint could be read in a folder of this name.
    """
    latest = ModelFolder(model_dir, None).latest_checkpoint()
    if latest is not None:
        raise ExistsError(f"{model_dir} holds checkpoints already, such as {latest}")


def write_as_checkpoint(model: keras.Model, model_dir: str, step: int) -> str:
    """Writes `model.ckpt-<step>`, from which an Estimator of this model continues.

    The optimizer's state is a fresh one's.

    Args:
        model: A built and compiled model, with its weights.
        model_dir: The Estimator's folder; it must hold no checkpoint.
        step: The `global_step`.

    Returns:
        The checkpoint's prefix.

    Raises:
        ExistsError: There are checkpoints in the folder.
        ModelDirInUseError: A training or another import is at work there.
        OSError, tf.errors.OpError: It could not be written; nothing of it is left.
    """
    optimizer = unused(model.optimizer)
    optimizer.build(model.trainable_variables)
    if keeps_averages(optimizer):
        _begin_averages(model, optimizer)
    tensors = model_variables(model) | optimizer_variables(model, optimizer)
    with ModelFolder(model_dir, None).exclusive():
        check_no_checkpoint(model_dir)
        return Checkpoints(model_dir).save(
            {**tensors, "global_step": tf.constant(step, tf.int64)}, step
        )


def write_as_keras_file(model: keras.Model, path: str) -> None:
    """Writes a `.keras` or `.weights.h5` file, whole or not at all.

    Raises:
        ExistsError: There is something at `path`, and it is left as it is.
        OSError: It could not be written.
    """
    folder = os.path.dirname(path) or "."
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and not optimizer.built:
        optimizer.build(model.trainable_variables)  # Keras warns of a file that lacks its state
    with tempfile.TemporaryDirectory(dir=folder, prefix=".import-") as aside:
        made = os.path.join(aside, os.path.basename(path))
        if path.endswith(WEIGHTS_END):
            model.save_weights(made)
        else:
            model.save(made)
        flush_to_disk(made)
        _put(made, path)
    flush_to_disk(folder)


def _put(made: str, path: str) -> None:
    """Gives a file its name, and replaces nothing."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise ExistsError(f"{path} is there already") from None
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise ExistsError(f"{path} is there already") from None
        os.rename(made, path)


def _begin_averages(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    """Averages that the optimizer keeps begin at the weights: zeros would be taken for them."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    averages = inner._model_variables_moving_average
    for average, weight in zip(averages, model.trainable_variables, strict=True):
        average.assign(weight)
