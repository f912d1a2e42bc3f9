"""Keras's Embedding layers, read row by row.

Keras reads the whole table and gathers from that. A table whose rows are written one by one is
copied whenever it is read, so a step would cost as much as its tables are large.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf


@contextmanager
def rows_only(model: keras.Model) -> Iterator[None]:
    """Within it the model's plain Embedding layers read only the rows that are asked for."""
    layers = [layer for layer in model._flatten_layers() if _is_plain(layer)]
    for layer in layers:
        vars(layer)["call"] = functools.partial(_call, layer)
    try:
        yield
    finally:
        for layer in layers:
            vars(layer).pop("call", None)


def _is_plain(layer: keras.Layer) -> bool:
    """Whether it computes nothing but the lookup, and does it in Keras's own way."""
    return (
        type(layer) is keras.layers.Embedding
        and "call" not in vars(layer)
        and layer.built
        and not layer.lora_enabled
        and layer.quantization_mode is None
    )


def _call(layer: keras.layers.Embedding, inputs: Any) -> Any:
    if not isinstance(inputs, tf.Tensor):  # sparse, ragged or symbolic
        return type(layer).call(layer, inputs)
    ids = inputs if inputs.dtype in (tf.int32, tf.int64) else tf.cast(inputs, tf.int32)
    table = layer._embeddings.value
    from_end = ids + tf.cast(tf.shape(table)[0], ids.dtype)  # as Keras reads a negative one
    rows = tf.gather(table, tf.where(ids < 0, from_end, ids))
    return tf.cast(rows, layer.compute_dtype)
