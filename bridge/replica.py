"""Whose step a program takes, where several replicas take it together."""

import threading
from typing import Any, Protocol

import tensorflow as tf


class View(Protocol):
    """What a replica's step sees of the others' rows."""

    gathers: bool
    """Whether losses and metrics are computed of the rows of all replicas."""

    def data(self, data: tuple[Any, Any, Any], outputs: Any) -> tuple[tuple[Any, Any, Any], Any]:
        """(features, labels, weights) and outputs to compute them of, by those of the replica."""

    def to_differentiate(self, loss: tf.Tensor) -> tf.Tensor:
        """What to differentiate for `loss`."""


class Replica(threading.local):
    """What a step of this thread is of.

    Attributes:
        view: What it sees of the others' rows; None: there are no others.
    """

    view: View | None = None
