"""A linear model on feature columns."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.column_variables import (
    ColumnVariables,
    checked_features,
    scope_name,
    sorted_columns,
    transformations,
)

_COMBINERS = ("mean", "sqrtn", "sum")
_FeatureColumns = tf.__internal__.feature_column


class Linear:
    """Weighted sums of features, from features to logits.

    A categorical column has a weight for each of its buckets. Variables are called as in the
    original: `linear/linear_model/<column>/weights`, `linear/linear_model/bias_weights`.

    Args:
        feature_columns: Dense and categorical feature columns.
        sparse_combiner: `sum`, `mean` or `sqrtn`: what becomes of several values in one example.

    Raises:
        ValueError: There are no columns, or no such combiner.
    """

    def __init__(self, feature_columns: Any, sparse_combiner: str = "sum") -> None:
        self._columns = sorted_columns(feature_columns, "feature_columns")
        if sparse_combiner not in _COMBINERS:
            raise ValueError(
                f"sparse_combiner must be one of {list(_COMBINERS)}; received {sparse_combiner!r}."
            )
        self._combiner = sparse_combiner

    @property
    def size(self) -> int:
        """How many columns there are."""
        return len(self._columns)

    def logits(self, features: Mapping[str, Any], logits_dimension: int) -> tf.Tensor:
        """Builds it in the graph.

        Args:
            features: Dict of name to tensor.
            logits_dimension: How many logits there are.
        """
        given = checked_features(features, self._columns)
        cache, variables = transformations(given), ColumnVariables()
        sums, weights = [], []
        with (
            v1.variable_scope("linear/linear_model", auxiliary_name_scope=False),
            v1.name_scope("linear"),
        ):
            for column in self._columns:
                with v1.variable_scope(scope_name(column)):
                    column.create_state(variables)
                    weight = _zeros("weights", [_inputs_of(column), logits_dimension])
                    sums.append(self._weighted_sum(column, weight, cache, variables))
                weights.append(weight)
            bias = _zeros("bias_weights", [logits_dimension])
            logits = tf.nn.bias_add(tf.add_n(sums), bias)
        _summarize(bias, weights)
        return logits

    def _weighted_sum(
        self, column: Any, weight: Any, cache: Any, variables: ColumnVariables
    ) -> tf.Tensor:
        if not _is_categorical(column):
            values = column.get_dense_tensor(cache, variables)
            return tf.matmul(tf.reshape(values, [-1, _inputs_of(column)]), weight)
        found = column.get_sparse_tensors(cache, variables)
        ids, id_weights = (
            None if tensor is None else tf.sparse.reshape(tensor, [tf.shape(tensor)[0], -1])
            for tensor in (found.id_tensor, found.weight_tensor)
        )
        return tf.nn.safe_embedding_lookup_sparse(
            weight, ids, sparse_weights=id_weights, combiner=self._combiner
        )


def _is_categorical(column: Any) -> bool:
    """A bucketized column is both, and is taken as categorical, as in the original."""
    return hasattr(column, "get_sparse_tensors")


def _inputs_of(column: Any) -> int:
    if _is_categorical(column):
        return int(column.num_buckets)
    return int(column.variable_shape.num_elements())


def _zeros(name: str, shape: list[int]) -> Any:
    return v1.get_variable(name, shape, initializer=v1.zeros_initializer(), use_resource=True)


def _summarize(bias: Any, weights: list[Any]) -> None:
    with v1.name_scope(""):
        if bias.shape[0] == 1:
            v1.summary.scalar("linear/bias", bias[0])
        else:
            v1.summary.histogram("linear/bias", bias)
        every = tf.concat([tf.reshape(weight, [-1]) for weight in weights], axis=0)
        v1.summary.scalar("linear/fraction_of_zero_weights", tf.math.zero_fraction(every))
