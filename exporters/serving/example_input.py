"""The examples in a request to classify or regress."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasrun.exporters.serving.errors import ServingError


def serialized_examples(message: Any) -> NDArray[Any]:
    """Returns the examples of a TensorFlow Serving `Input` as a vector of serialized ones.

    Raises:
        ServingError: It has none.
    """
    examples = list(_serialized(message))
    if not examples:
        raise ServingError("INVALID_ARGUMENT", "Input is empty.")
    return np.array(examples, dtype=object)


def _serialized(message: Any) -> Iterator[bytes]:
    kind = message.WhichOneof("kind")
    if kind == "example_list":
        yield from (each.SerializeToString() for each in message.example_list.examples)
    elif kind == "example_list_with_context":
        # Messages one after the other are one: features of the example win over the context's.
        context = message.example_list_with_context.context.SerializeToString()
        for each in message.example_list_with_context.examples:
            yield context + each.SerializeToString()
