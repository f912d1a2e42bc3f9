"""The mean of the loss, which is all that the training of a `model_fn` measures by itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.batch_means import BatchMeans


class LossMean:
    """The mean of the loss, read and started anew in a compiled loop.

    Args:
        means: Where it is added up.
    """

    def __init__(self, means: BatchMeans) -> None:
        self._means = means

    def taken(self) -> Mapping[str, tf.Tensor]:
        """Reads it and starts anew, in a graph that is being traced."""
        found = {name: tf.identity(value) for name, value in self._means.tensors().items()}
        self._means.reset()
        return found

    def of_taken(self, values: Mapping[str, float]) -> dict[str, np.ndarray[Any, Any]]:
        """As `metric_results` would have it."""
        return {name: np.asarray(np.float32(value)) for name, value in values.items()}
