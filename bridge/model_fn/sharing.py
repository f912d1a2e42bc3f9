"""What the graph of a `model_fn` is told where several processes train it together."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import tensorflow as tf

from kerasrun.bridge.input_pipeline import Example


class SharedTrace(Protocol):
    """How several processes share the steps of one graph; what it makes, it makes in there."""

    def own(self, features: Any, labels: Any) -> tuple[Any, Any]:
        """This process's rows of a batch, which the `model_fn` is given."""

    def building(self) -> AbstractContextManager[None]:
        """A context for the call of the `model_fn`."""

    def together(self, operations: Sequence[Any], loss: tf.Tensor) -> tf.Tensor:
        """The loss of all rows, as it is known once all processes have run the operations."""

    def needs_all(self, elements: Sequence[Any]) -> bool:
        """Whether all processes must compute these at once."""


class Sharing(Protocol):
    """What a program asks."""

    def of_graph(self, graph: Any) -> SharedTrace:
        """For a graph in which nothing has been made yet."""

    def seed(self, seed: int | None) -> int:
        """Of the graph's random numbers: those of other processes are others."""

    def hooks(self, trace: Any) -> Sequence[Any]:
        """Those that a training of this graph calls beside the user's."""

    def watched(self, batch: Example) -> AbstractContextManager[None]:
        """A context for a step that a hook watches, on this batch."""
