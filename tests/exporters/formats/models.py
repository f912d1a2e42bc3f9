"""SavedModels to be converted."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun.exporters import (
    Signature,
    build_raw_serving_input_receiver_fn,
    resources_of,
    trace_receiver,
    write_saved_model,
)

Arrays = dict[str, np.ndarray[Any, Any]]


def saved(model: keras.Model, base: str, rows: int | None = None) -> str:
    """Writes a functional model with dict inputs; returns the folder."""
    specs = {name: tf.TensorSpec(each.shape, each.dtype) for name, each in model.input.items()}
    receiver_fn = build_raw_serving_input_receiver_fn(specs, default_batch_size=rows)
    receiver = trace_receiver(receiver_fn)
    signature = Signature("serving_default", lambda features: model(features), receiver)
    return write_saved_model(base, [signature], model.variables, resources_of(model)).path


def cnn() -> tuple[keras.Model, Arrays]:
    """Of small pictures, with a second input and a second output."""
    image = keras.Input((8, 8, 1), name="image")
    scale = keras.Input((1,), name="scale of it")
    x = keras.layers.Conv2D(4, 3, activation="relu")(image * scale[:, :, None, None])
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
    outputs = {
        "digit": keras.layers.Dense(5, activation="softmax")(x),
        "area": keras.layers.Dense(1)(x),
    }
    random = np.random.default_rng(0)
    examples = {
        "image": random.normal(size=(6, 8, 8, 1)).astype(np.float32),
        "scale of it": np.ones((6, 1), np.float32),
    }
    return keras.Model({"image": image, "scale of it": scale}, outputs), examples


def recurrent(*, unroll: bool = False) -> tuple[keras.Model, Arrays]:
    """Of sequences."""
    sequence = keras.Input((4, 2), name="sequence")
    y = keras.layers.Dense(1)(keras.layers.LSTM(3, unroll=unroll)(sequence))
    examples = {"sequence": np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)}
    return keras.Model({"sequence": sequence}, {"y": y}), examples


def of_text() -> keras.Model:
    """Of words."""
    word = keras.Input((1,), dtype="string", name="word")
    x = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(word)
    return keras.Model({"word": word}, {"y": keras.layers.Dense(1)(x)})


def with_exact_gelu() -> keras.Model:
    """With the error function."""
    x = keras.Input((4,), name="x")
    return keras.Model({"x": x}, {"y": keras.layers.Dense(3, activation="gelu")(x)})
