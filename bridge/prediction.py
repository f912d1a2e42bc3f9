"""Predictions: which outputs, and one example at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kerasrun.bridge.suggest import did_you_mean

Prediction = dict[str, np.ndarray[Any, Any]]


def chosen_keys(predict_keys: str | Sequence[str] | None, names: Sequence[str]) -> list[str]:
    """Returns the outputs to predict.

    Raises:
        ValueError: None of the keys is an output.
    """
    if not predict_keys:
        return list(names)
    wanted = [predict_keys] if isinstance(predict_keys, str) else list(predict_keys)
    found = [name for name in names if name in wanted]
    if not found:
        raise ValueError(
            f"predict_keys {wanted!r} name no output of the model; its outputs are "
            f"{list(names)!r}.{did_you_mean(wanted[0], names)}"
        )
    return found


def one_by_one(batch: Prediction) -> Iterator[Prediction]:
    """Yields the examples of one batch.

    Raises:
        ValueError: The outputs differ in their first dimension, or have none.
    """
    shapes = {name: values.shape for name, values in batch.items()}
    sizes = {shape[0] if shape else None for shape in shapes.values()}
    if len(sizes) != 1 or None in sizes:
        raise ValueError(
            f"Single examples need one batch dimension in every output; shapes are {shapes}. "
            "Use yield_single_examples=False."
        )
    for i in range(next(iter(shapes.values()))[0]):
        yield {name: values[i] for name, values in batch.items()}


def flattened(batches: Iterable[Mapping[str, Any]], single: bool) -> Iterator[Prediction]:
    """Yields whole batches, or with `single` their examples, as numpy arrays."""
    for batch in batches:
        arrays = {name: np.asarray(value) for name, value in batch.items()}
        if single:
            yield from one_by_one(arrays)
        else:
            yield arrays
