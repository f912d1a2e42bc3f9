"""Predictions: which outputs, and one example at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kerasrun.bridge.suggest import did_you_mean

Prediction = dict[str, np.ndarray[Any, Any]]


def predictions(
    outputs: Mapping[str, Any], predict_keys: str | Sequence[str] | None, *, single: bool
) -> Iterator[Prediction]:
    """Yields the outputs of one batch as numpy arrays, or with `single` those of each example.

    Args:
        outputs: By name, `[batch, ...]`.
        predict_keys: Which of them; None: all.
        single: Whether to yield one example at a time.

    Raises:
        ValueError: None of the keys is an output; or the outputs have no batch dimension in common.
    """
    chosen = _chosen_keys(predict_keys, list(outputs))
    batch = {name: np.asarray(outputs[name]) for name in chosen}
    if single:
        yield from _one_by_one(batch)
    else:
        yield batch


def _chosen_keys(predict_keys: str | Sequence[str] | None, names: Sequence[str]) -> list[str]:
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


def _one_by_one(batch: Prediction) -> Iterator[Prediction]:
    shapes = {name: values.shape for name, values in batch.items()}
    sizes = {shape[0] if shape else None for shape in shapes.values()}
    if len(sizes) != 1 or None in sizes:
        raise ValueError(
            f"Single examples need one batch dimension in every output; shapes are {shapes}. "
            "Use yield_single_examples=False."
        )
    for i in range(next(iter(shapes.values()))[0]):
        yield {name: values[i] for name, values in batch.items()}
