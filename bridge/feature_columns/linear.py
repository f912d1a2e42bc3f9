"""A linear model of feature columns."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from kerasrun.bridge.feature_columns.column_layer import ColumnLayer
from kerasrun.bridge.feature_columns.column_set import batch_size
from kerasrun.bridge.feature_columns.columns import check_linear
from kerasrun.bridge.feature_columns.single_values import rows_of

_COMBINERS = ("sum", "mean", "sqrtn")


@keras.saving.register_keras_serializable("kerasrun")
class LinearModel(ColumnLayer, keras.Model):
    """Sums the features of columns, each times its weight, and adds a bias.

        city = tf.feature_column.categorical_column_with_hash_bucket("city", 1000)
        model = LinearModel([tf.feature_column.numeric_column("age"), city])
        model.compile(keras.optimizers.Ftrl(0.1), "mse")

    See `tf.compat.v1.feature_column.linear_model` and the `LinearModel` of `tf.estimator`. A
    categorical column has a weight for each category, of which an example's are looked up: nothing
    as wide as the column is made of an example. It is a model, and may be a layer of another one,
    such as the wide half of a wide and deep model. All weights are 0 at first.

    Args:
        feature_columns: Categorical and dense columns.
        units: How many sums there are.
        sparse_combiner: What becomes of several categories of one example: `sum`, `mean` or
            `sqrtn`.
        trainable: Whether the weights are trained.
        name: The model's name.
        **kwargs: Further settings of `keras.Model`.

    Raises:
        TypeError: As `FeatureColumns`.
        ValueError: As `FeatureColumns`, but categorical columns are welcome; or `units` or
            `sparse_combiner` is none of those described.
    """

    def __init__(
        self,
        feature_columns: Any,
        units: int = 1,
        sparse_combiner: str = "sum",
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **{"autocast": False, **kwargs})
        if sparse_combiner not in _COMBINERS:
            raise ValueError(
                f"sparse_combiner must be one of {_COMBINERS}; received {sparse_combiner!r}."
            )
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"units must be a whole number of at least 1; received {units!r}.")
        self._units, self._sparse_combiner = units, sparse_combiner
        self._set_up(feature_columns, check_linear)

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights; the shape of the input does not matter."""
        self._columns.build(self._create_weights)
        self._bias = self.add_weight(
            name="bias_weights", shape=(self._units,), dtype="float32", initializer="zeros"
        )

    def call(self, features: Any, training: bool | None = None) -> Any:
        """Returns the sums, float32 `[batch, units]`.

        Args:
            features: A dict by key.
            training: Ignored.
        """
        cache = self._columns.transformed(features)
        sums = [self._sum(column, cache) for column in self._columns.evaluated]
        return tf.nn.bias_add(tf.add_n(sums), self._bias.value)

    def compute_output_spec(self, features: Any, training: bool | None = None) -> Any:
        """The shape and dtype of what a call returns."""
        self._columns.check_keys(features)
        return keras.KerasTensor(self.compute_output_shape(features), "float32")

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int]:
        """`(batch, units)`."""
        return (batch_size(input_shape), self._units)

    def get_config(self) -> dict[str, Any]:
        """The settings, as `from_config` takes them; see `FeatureColumns.get_config`."""
        own = {"units": self._units, "sparse_combiner": self._sparse_combiner}
        return {**super().get_config(), **own}

    def _sum(self, column: Any, cache: Any) -> Any:
        state = self._columns.state
        weights = state.get_variable(column, "weights")
        found = rows_of(column, weights, cache, state)
        if found is not None:
            return found
        return fc._create_weighted_sum(
            column=column,
            transformation_cache=cache,
            state_manager=state,
            sparse_combiner=self._sparse_combiner,
            weight_var=weights,
        )

    def _create_weights(self, column: Any) -> None:
        is_categorical = isinstance(column, fc.CategoricalColumn)
        size = column.num_buckets if is_categorical else column.variable_shape.num_elements()
        self._columns.state.create_variable(
            column,
            "weights",
            shape=(size, self._units),
            dtype=tf.float32,
            initializer=keras.initializers.Zeros(),
        )
