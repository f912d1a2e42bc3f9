"""The lookup tables of a model: what a SavedModel must hold besides the weights."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

# Keras layers and models are such, as are tf.Modules and the lists that they keep.
_HOLDERS = (tf.Module, tf.__internal__.tracking.AutoTrackable)


def resources_of(model: Any) -> list[Any]:
    """Returns the lookup tables in all layers of a model, each once.

    A table brings its vocabulary file along (a `tf.saved_model.Asset`), so that the written folder
    holds it.

    Args:
        model: A `keras.Model`, a layer, a `tf.Module`, or lists and dicts of such.
    """
    return list(_resources(model, set()))


def _resources(value: Any, seen: set[int]) -> Iterator[Any]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, tf.saved_model.experimental.TrackableResource):
        yield value
        return
    for part in _parts(value):
        yield from _resources(part, seen)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple, set)):
        return list(value)
    if isinstance(value, _HOLDERS):
        return list(vars(value).values())
    return []
