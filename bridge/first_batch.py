"""The first batch of features that an evaluation sees, kept for the check of exports."""

from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.input_pipeline import Example


class FirstBatch:
    """Looks at a dataset as it goes by: reading it again could cost as much as the evaluation.

    Attributes:
        specs: The features' `tf.TypeSpec`s; None before there is a dataset.
        features: The first batch's features as numpy arrays; None before there is one, or where
            features are sparse or ragged, which no receiver can be fed with.
    """

    def __init__(self) -> None:
        self.specs: Any = None
        self.features: Any = None

    def of(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Returns the dataset as it is; its first batch is kept when it is read."""
        self.specs, self.features = dataset.element_spec.features, None
        if not all(isinstance(spec, tf.TensorSpec) for spec in tf.nest.flatten(self.specs)):
            return dataset
        return dataset.enumerate().map(self._seen)

    @tf.autograph.experimental.do_not_convert
    def _seen(self, index: tf.Tensor, batch: Example) -> Example:
        features = tf.nest.flatten(batch.features)

        def keep() -> tf.Operation:
            return tf.numpy_function(self._keep, features, [])

        tf.cond(tf.equal(index, 0), keep, tf.no_op)
        return batch

    def _keep(self, *features: np.ndarray[Any, Any]) -> None:
        self.features = tf.nest.pack_sequence_as(self.specs, features)
