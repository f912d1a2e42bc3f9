"""A model's weights are made by calling it once, without data."""

from collections.abc import Mapping
from typing import Any

import keras


def call_symbolically(model: keras.Model, inputs: Any) -> None:
    """Calls a model that is not built, and so makes its weights.

    A Sequential that is given a dict asks its layers for shapes only, which builds none of them;
    so they are called one by one.

    Args:
        model: The model.
        inputs: Symbolic tensors, in the structure that it is called with.
    """
    if isinstance(model, keras.Sequential) and isinstance(inputs, Mapping):
        outputs: Any = inputs
        for layer in model.layers:
            outputs = layer(outputs)
    model(inputs)
