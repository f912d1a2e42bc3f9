"""State that a Keras model has and Keras does not list: a layer's own `tf.Variable`s, and further
optimizers, as models with a `train_step` of their own keep them (`self.discriminator_optimizer`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf


def own_variables(model: keras.Model) -> Iterator[tuple[str, tf.Variable]]:
    """Yields the `tf.Variable`s that the model and its layers hold as attributes.

    Yields:
        `<path of the layer>/<attribute>`, as Keras names its own, and the variable.
    """
    listed = {id(variable.value) for variable in model.variables}
    for layer, name, value in _attributes(model):
        if isinstance(value, tf.Variable) and id(value) not in listed:
            listed.add(id(value))
            yield f"{layer.path}/{name}", value


def further_optimizers(
    model: keras.Model, known: keras.optimizers.Optimizer
) -> Iterator[tuple[str, keras.optimizers.Optimizer]]:
    """Yields the optimizers, beside the known one, that the model and its layers hold.

    Yields:
        The attribute's name and the optimizer, if it is built.
    """
    seen = {id(known), id(model.optimizer)}
    for _, name, value in _attributes(model):
        if isinstance(value, keras.optimizers.Optimizer) and id(value) not in seen and value.built:
            seen.add(id(value))
            yield name, value


def _attributes(model: keras.Model) -> Iterator[tuple[keras.Layer, str, Any]]:
    for layer in model._flatten_layers(include_self=True, recursive=True):
        for name, value in vars(layer).items():
            if name.startswith("_self_"):  # TensorFlow's own book-keeping of the same
                continue
            for label, part in _parts(name, value):
                yield layer, label, part


def _parts(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    """The value itself, or what a list, tuple or dict holds."""
    if isinstance(value, Mapping):
        return [(f"{name}/{key}", part) for key, part in value.items()]
    if isinstance(value, (list, tuple)):
        return [(f"{name}/{i}", part) for i, part in enumerate(value)]
    return [(name, value)]
