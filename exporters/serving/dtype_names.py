"""The names of NumPy's types. NumPy makes them anew each time, which a small request would feel."""

import functools
from typing import Any

import numpy as np

__all__ = ["dtype_name"]


@functools.lru_cache(maxsize=64)
def dtype_name(dtype: np.dtype[Any]) -> str:
    """Returns `dtype.name`, such as `float32`."""
    return dtype.name
