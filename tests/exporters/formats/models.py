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


def of_many_layers() -> tuple[keras.Model, Arrays]:
    """Of pictures of an odd size, and of words by number."""
    layers = keras.layers
    image = keras.Input((9, 8, 3), name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(image)
    x = layers.SeparableConv2D(6, 3, padding="same")(layers.BatchNormalization()(x))
    x = layers.Conv2D(6, 3, padding="same", dilation_rate=2, activation="swish")(x)
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    larger = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(layers.UpSampling2D()(x))
    words = keras.Input((6,), dtype="int32", name="words")
    y = layers.Embedding(300, 16)(words)
    y = layers.LayerNormalization()(y + layers.MultiHeadAttention(2, 4)(y, y))
    y = layers.GlobalMaxPooling1D()(layers.Conv1D(5, 3, padding="causal")(y))
    z = layers.Concatenate()([layers.Flatten()(larger), layers.GlobalAveragePooling2D()(x), y])
    z = layers.Dense(7, activation="tanh")(z)
    z = keras.activations.gelu(layers.Dense(5, activation="elu")(z), approximate=True)
    outputs = {"larger": larger, "probs": layers.Dense(3, activation="softmax")(z)}
    random = np.random.default_rng(0)
    examples = {
        "image": random.normal(size=(5, 9, 8, 3)).astype(np.float32),
        "words": random.integers(0, 300, (5, 6)).astype(np.int32),
    }
    return keras.Model({"image": image, "words": words}, outputs), examples


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


def wide() -> tuple[keras.Model, Arrays]:
    """With enough weights to be made smaller."""
    x = keras.Input((64,), name="x")
    examples = {"x": np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)}
    return keras.Model({"x": x}, {"y": keras.layers.Dense(64, activation="tanh")(x)}), examples


def of_larger_pictures(groups: int = 1) -> keras.Model:
    """With a bilinear resize."""
    x = keras.Input((4, 4, 2), name="x")
    larger = keras.layers.UpSampling2D(interpolation="bilinear")(x)
    return keras.Model({"x": x}, {"y": keras.layers.Conv2D(2, 3, groups=groups)(larger)})


def with_exact_gelu() -> keras.Model:
    """With the error function."""
    x = keras.Input((4,), name="x")
    return keras.Model({"x": x}, {"y": keras.layers.Dense(3, activation="gelu")(x)})
