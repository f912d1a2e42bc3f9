"""Plain means over batches, kept in variables so that a compiled loop can add to them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.plain_variables import plain_variables


class BatchMeans:
    """Unweighted means of scalars over batches, each batch counting as much as another.

    This is how `tf.estimator` reports `loss`. Sums are float64, so that a long evaluation loses
    nothing.
    """

    def __init__(self) -> None:
        self.variables: dict[str, tf.Variable] = {}
        self._collecting = _Collecting()

    @contextmanager
    def collected(self) -> Iterator[dict[str, tf.Tensor]]:
        """Within it what this thread adds goes into the dict, by name, and is not added."""
        found: dict[str, tf.Tensor] = {}
        self._collecting.into = found
        try:
            yield found
        finally:
            self._collecting.into = None

    def make(self, name: str) -> None:
        """Creates the variables of a mean, if it has none yet."""
        if f"{name}/total" not in self.variables:
            with plain_variables():
                self.variables[f"{name}/total"] = tf.Variable(0.0, dtype=tf.float64)
                self.variables[f"{name}/count"] = tf.Variable(0, dtype=tf.int64)

    def add(self, name: str, value: tf.Tensor) -> None:
        """Adds one batch's scalar. Called while a `tf.function` is traced."""
        if self._collecting.into is not None:
            self._collecting.into[name] = value
            return
        self.make(name)
        self.variables[f"{name}/total"].assign_add(tf.cast(value, tf.float64))
        self.variables[f"{name}/count"].assign_add(1)

    @property
    def names(self) -> list[str]:
        """What means are taken of."""
        return [key.removesuffix("/total") for key in self.variables if key.endswith("/total")]

    def results(self) -> dict[str, np.ndarray[Any, Any]]:
        """The means as float32 numpy scalars; 0 where no batch was added."""
        return {name: self._mean(name) for name in self.names}

    def tensors(self) -> dict[str, tf.Tensor]:
        """The means as float32 tensors, in a graph that is being traced."""
        found = {}
        for name in self.names:
            count = tf.maximum(self.variables[f"{name}/count"], 1)
            total = self.variables[f"{name}/total"]
            found[name] = tf.cast(total / tf.cast(count, tf.float64), tf.float32)
        return found

    def reset(self) -> None:
        """Starts all means anew."""
        for variable in self.variables.values():
            variable.assign(tf.zeros_like(variable))

    def _mean(self, name: str) -> Any:
        count = max(int(self.variables[f"{name}/count"]), 1)
        return np.float32(self.variables[f"{name}/total"].numpy() / count)


class _Collecting(threading.local):
    into: dict[str, tf.Tensor] | None = None
