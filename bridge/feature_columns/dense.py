"""Dense columns as one tensor."""

from typing import Any

import keras
import tensorflow as tf

from kerasrun.bridge.feature_columns.column_layer import ColumnLayer
from kerasrun.bridge.feature_columns.column_set import batch_size, evaluated, width
from kerasrun.bridge.feature_columns.columns import check_dense
from kerasrun.bridge.feature_columns.single_values import embedded


@keras.saving.register_keras_serializable("kerasrun")
class FeatureColumns(ColumnLayer, keras.Layer):
    """Makes one tensor of a dict of features, as dense `tf.feature_column`s declare it.

        columns = [
            tf.feature_column.numeric_column("age"),
            tf.feature_column.indicator_column(
                tf.feature_column.categorical_column_with_vocabulary_list("color", ["red", "blue"])
            ),
        ]
        model = keras.Sequential([FeatureColumns(columns), keras.layers.Dense(1)])

    It evaluates the declarations' own code, so its values are those of `tf.keras.layers.
    DenseFeatures`, which TensorFlow 2.16 took away. Features are arrays or tensors, `[batch, …]` or
    `[batch]`; those of categorical columns may be sparse or ragged, too. Strings '' and integers -1
    are missing values.

    Args:
        feature_columns: Dense columns: numeric, bucketized, indicator and embedding columns, and
            those of `shared_embeddings`.
        trainable: Whether embeddings are trained; one declared with `trainable=False` never is.
        name: The layer's name.
        **kwargs: Further settings of `keras.Layer`.

    Raises:
        TypeError: `feature_columns` is no list of feature columns. When called: the features are no
            dict, or one's dtype is not what its column reads.
        ValueError: There are no columns, two have one name, or one is categorical or of sequences.
            When called: a feature is missing, or its shape is wrong. When built: a table does not
            fit the checkpoint that it is to start from.
        FileNotFoundError: When built: a checkpoint that a table is to start from is not there.
    """

    def __init__(
        self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, **{"autocast": False, **kwargs})
        title = type(self).__name__
        self._set_up(feature_columns, lambda columns: check_dense(columns, title))

    def call(self, features: Any, training: bool | None = None) -> Any:
        """Returns float32 `[batch, width]`: the columns' values side by side.

        Args:
            features: A dict by key.
            training: Handed to columns that ask for it.
        """
        cache = self._columns.transformed(features)
        tensors = []
        for column in self._columns.evaluated:
            found = embedded(column, cache, self._columns.state)
            if found is None:
                found = evaluated(column.get_dense_tensor, cache, self._columns.state, training)
            tensors.append(tf.reshape(found, [tf.shape(found)[0], width([column])]))
        return tf.concat(tensors, axis=-1)

    def compute_output_spec(self, features: Any, training: bool | None = None) -> Any:
        """The shape and dtype of what a call returns."""
        self._columns.check_keys(features)
        return keras.KerasTensor(self.compute_output_shape(features), "float32")

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int]:
        """`(batch, width)`."""
        return (batch_size(input_shape), width(self._columns.declared))


@keras.saving.register_keras_serializable("kerasrun")
class DenseFeatures(FeatureColumns):
    """`FeatureColumns` by the name that it had as `tf.keras.layers.DenseFeatures`."""
