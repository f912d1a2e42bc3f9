"""What a converted model is asked with: examples that fit its inputs."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kerasrun.exporters.formats.source import Source

Arrays = dict[str, np.ndarray[Any, Any]]
_MADE_UP = 8
_OPEN = 4
_MOST_AT_A_TIME = 1024


def examples_for(source: Source, features: Any, most: int | None = 256) -> Arrays | None:
    """Takes features as the inputs of a model.

    Args:
        source: The model.
        features: One batch: a dict of arrays by name, or one array for a model with one input.
        most: So many rows at most are taken; None: all.

    Returns:
        None if they are not what the model is asked with.
    """
    names = list(source.inputs)
    given = features
    if len(names) == 1 and not (isinstance(given, Mapping) and names[0] in given):
        single = list(given.values()) if isinstance(given, Mapping) else [given]
        given = {names[0]: single[0]} if len(single) == 1 else {}
    if features is None or not isinstance(given, Mapping) or any(n not in given for n in names):
        return None
    found: Arrays = {}
    for name, spec in source.inputs.items():
        array = np.asarray(given[name])[:most]
        if not _any_rows(spec.shape).is_compatible_with(array.shape):
            return None
        found[name] = array.astype(spec.dtype.as_numpy_dtype)
    return found


def made_up(source: Source, rows: int = _MADE_UP) -> Arrays:
    """Random numbers, the same each time; where a size is open, 4. Whole numbers are 0 or 1."""
    random = np.random.default_rng(0)

    def array(spec: Any) -> np.ndarray[Any, Any]:
        shape = [rows, *(size or _OPEN for size in spec.shape[1:])]
        if spec.dtype.is_floating:
            return random.normal(size=shape).astype(spec.dtype.as_numpy_dtype)
        return random.integers(0, 2, shape).astype(spec.dtype.as_numpy_dtype)

    return {name: array(spec) for name, spec in source.inputs.items()}


def rows_of(examples: Arrays) -> int:
    """How many rows there are."""
    return min((len(array) for array in examples.values()), default=0)


def in_batches(examples: Arrays, size: int | None) -> list[Arrays]:
    """The examples, so many rows at a time; rows that do not fill a batch are left out.

    Args:
        examples: By name, `[rows, ...]`.
        size: None: all at once.
    """
    if size is None:
        return [examples]
    return [
        {name: array[start : start + size] for name, array in examples.items()}
        for start in range(0, rows_of(examples) - size + 1, size)
    ]


def all_answers(
    run: Callable[[Arrays], Mapping[str, Any]], examples: Arrays, size: int | None
) -> Arrays:
    """What a model answers to all rows, some at a time.

    Args:
        run: The model: from arrays by input name to arrays by output name.
        examples: By name, `[rows, ...]`; one row at least.
        size: How many rows it always takes: the last batch is filled up. None: any number.
    """
    step = _MOST_AT_A_TIME if size is None else size
    parts: list[Mapping[str, Any]] = []
    for start in range(0, rows_of(examples), step):
        batch = {name: array[start : start + step] for name, array in examples.items()}
        parts.append(run(batch if size is None else _filled_up(batch, size)))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {name: array[: rows_of(examples)] for name, array in joined.items()}


def _filled_up(batch: Arrays, size: int) -> Arrays:
    """The last row again and again."""
    lacking = size - rows_of(batch)
    return {name: np.concatenate([a, a[-1:].repeat(lacking, 0)]) for name, a in batch.items()}


def fixed_rows(source: Source) -> int | None:
    """The number of rows that the model always takes; None if it takes any."""
    sizes = [spec.shape[0] for spec in source.inputs.values() if spec.shape.rank]
    return next((size for size in sizes if size is not None), None)


def _any_rows(shape: Any) -> Any:
    return shape[:0].concatenate([None]).concatenate(shape[1:]) if shape.rank else shape
