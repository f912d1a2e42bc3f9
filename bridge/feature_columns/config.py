"""Feature columns as JSON has them, and back."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from tensorflow.python.feature_column import serialization
from tensorflow.python.ops import init_ops

from kerasrun.bridge.feature_columns.columns import leaves
from kerasrun.bridge.feature_columns.shared_embeddings import SharedEmbeddingColumn

_LAMBDA = "<lambda>"


def config_of(columns: list[Any]) -> list[Any]:
    """Returns columns as lists, dicts, strings and numbers.

    Raises:
        ValueError: A `normalizer_fn` has no name to be found by.
    """
    names = dict(_names_of_functions(columns))
    configs = [_plain(one) for one in serialization.serialize_feature_columns(columns)]
    for config in configs:
        for place in _with_function(config):
            place["normalizer_fn"] = names[place["key"]]
    return configs


def columns_from(configs: list[Any], custom_objects: dict[str, Any] | None = None) -> list[Any]:
    """Returns the columns of what `config_of` returned.

    Args:
        configs: One for each column.
        custom_objects: Functions and classes by name, beside those registered with Keras.

    Raises:
        ValueError: A `normalizer_fn` or another class is not known.
    """
    known: dict[str, Any] = {"SharedEmbeddingColumn": SharedEmbeddingColumn}
    for name in _class_names(configs):
        initializer = getattr(keras.initializers, name, None)
        if initializer is not None and not hasattr(init_ops, name):
            known[name] = initializer
        if (found := keras.saving.get_registered_object(name, custom_objects)) is not None:
            known[name] = found
    for config in configs:
        for place in _with_function(config):
            known[place["normalizer_fn"]] = _function(place, custom_objects)
    return list(serialization.deserialize_feature_columns(_tuples(configs), known))


def _function(place: dict[str, Any], custom_objects: dict[str, Any] | None) -> Any:
    name = place["normalizer_fn"]
    found = keras.saving.get_registered_object(name, custom_objects)
    if found is None:
        raise ValueError(
            f"The column of the feature {place['key']!r} is normalized by the function {name!r}, "
            "which is not known. Give it in custom_objects, or register it before: "
            "@keras.saving.register_keras_serializable()."
        )
    return found


def _names_of_functions(columns: list[Any]) -> Iterator[tuple[str, str]]:
    """Keys of features, and what their normalizer_fn is registered as."""
    for column in columns:
        for leaf in leaves(column):
            function = getattr(leaf, "normalizer_fn", None)
            if function is None:
                continue
            name = getattr(function, "__name__", _LAMBDA)
            if name == _LAMBDA:
                raise ValueError(
                    f"The column {column.name!r} cannot be saved: its normalizer_fn is a lambda, "
                    "or another function without a name to be found by. Define it with `def` and "
                    "@keras.saving.register_keras_serializable()."
                )
            yield leaf.key, keras.saving.get_registered_name(function)


def _with_function(config: Any) -> Iterator[dict[str, Any]]:
    """The parts of a config that name a normalizer_fn."""
    if isinstance(config, dict):
        if isinstance(config.get("normalizer_fn"), str):
            yield config
        for value in config.values():
            yield from _with_function(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _with_function(value)


def _class_names(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if isinstance(config.get("class_name"), str):
            yield config["class_name"]
        for value in config.values():
            yield from _class_names(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _class_names(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value.decode() if isinstance(value, bytes) else value


def _tuples(value: Any) -> Any:
    """Lists as the tuples that columns hold, all but the outermost."""
    if isinstance(value, dict):
        return {name: _inner(one) for name, one in value.items()}
    return [_tuples(one) for one in value]


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _inner(one) for name, one in value.items()}
    return tuple(_inner(one) for one in value) if isinstance(value, (list, tuple)) else value
