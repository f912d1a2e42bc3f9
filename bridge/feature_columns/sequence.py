"""Columns of sequences as one tensor."""

from typing import Any

import keras
import tensorflow as tf

from kerasrun.bridge.feature_columns.column_layer import ColumnLayer
from kerasrun.bridge.feature_columns.column_set import batch_size, evaluated, width
from kerasrun.bridge.feature_columns.columns import check_sequences


@keras.saving.register_keras_serializable("kerasrun")
class SequenceFeatures(ColumnLayer, keras.Layer):
    """Makes one tensor of sequences, as `tf.feature_column.sequence_…` columns declare it.

        watched = tf.feature_column.sequence_categorical_column_with_identity("watched", 1000)
        columns = [tf.feature_column.embedding_column(watched, dimension=6)]
        sequences, lengths = SequenceFeatures(columns)(features)
        state = keras.layers.GRU(8)(sequences, mask=tf.sequence_mask(lengths))

    See `tf.keras.experimental.SequenceFeatures`. Features are ragged or sparse, `[batch, steps]` or
    more. Those of categorical columns may be dense, where strings '' and integers -1 are missing
    values; of dense numbers every one counts as a step.

    Args:
        feature_columns: Columns of sequences: numeric ones, and indicator or embedding columns of
            categorical ones.
        trainable: Whether embeddings are trained; one declared with `trainable=False` never is.
        name: The layer's name.
        **kwargs: Further settings of `keras.Layer`.

    Raises:
        TypeError: As `FeatureColumns`.
        ValueError: As `FeatureColumns`; or a column is not of sequences.
        FileNotFoundError: As `FeatureColumns`.
        tf.errors.InvalidArgumentError: When called: the columns' sequences differ in length.
    """

    def __init__(
        self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, **{"autocast": False, **kwargs})
        self._set_up(feature_columns, check_sequences)

    def call(self, features: Any, training: bool | None = None) -> tuple[Any, Any]:
        """Returns float32 `[batch, steps, width]`, and int64 `[batch]`: each example's steps.

        Args:
            features: A dict by key.
            training: Handed to columns that ask for it.
        """
        cache = self._columns.transformed(features)
        tensors, lengths = [], []
        for column in self._columns.evaluated:
            function = column.get_sequence_dense_tensor
            found, length = evaluated(function, cache, self._columns.state, training)
            shape = tf.shape(found)
            found = tf.reshape(found, [shape[0], shape[1], width([column])])
            tensors.append(tf.cast(found, tf.float32))
            lengths.append(length)
        with tf.control_dependencies(self._checks(lengths)):
            return tf.concat(tensors, axis=-1), tf.identity(lengths[0])

    def compute_output_spec(self, features: Any, training: bool | None = None) -> Any:
        """The shapes and dtypes of what a call returns."""
        self._columns.check_keys(features)
        sequences, lengths = self.compute_output_shape(features)
        return keras.KerasTensor(sequences, "float32"), keras.KerasTensor(lengths, "int64")

    def compute_output_shape(self, input_shape: Any) -> tuple[tuple[int | None, ...], ...]:
        """`(batch, None, width)` and `(batch,)`."""
        batch = batch_size(input_shape)
        return (batch, None, width(self._columns.declared)), (batch,)

    def _checks(self, lengths: list[Any]) -> list[Any]:
        names = [column.name for column in self._columns.evaluated]
        checks = [
            tf.debugging.assert_equal(
                length,
                lengths[0],
                f"The sequences of {names[0]!r} and {name!r} differ in length.",
            )
            for name, length in zip(names[1:], lengths[1:], strict=True)
        ]
        return [one for one in checks if one is not None]
