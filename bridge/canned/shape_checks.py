"""Whether logits, labels and weights fit each other: as the graph is built where that can be known,
else as it runs.
"""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from kerasrun.bridge.suggest import did_you_mean


def checked_logits(logits: Any, dimension: int) -> tf.Tensor:
    """The logits as float32.

    Args:
        logits: `[batch, ..., dimension]`.
        dimension: How many there must be for an example.

    Raises:
        ValueError: They have another shape.
    """
    tensor = tf.cast(logits, tf.float32)
    rank = tensor.shape.rank
    if rank is not None and (rank < 2 or tensor.shape[-1] not in (None, dimension)):
        raise ValueError(
            f"logits must be of shape [batch, ..., {dimension}]; received a tensor of shape "
            f"{tensor.shape}. Give the last layer as many units as head.logits_dimension."
        )
    return tensor


def checked_labels(labels: Any, logits: tf.Tensor, dimension: int) -> tf.Tensor:
    """The labels as a dense tensor, `[batch, ..., dimension]`.

    Args:
        labels: Tensor of that shape; or one dimension less, of which one is made where
            `dimension` is 1.
        logits: What they are compared with.
        dimension: How many labels an example has.

    Raises:
        ValueError: There are none, they are sparse, or have another shape.
        tf.errors.InvalidArgumentError: As the graph runs: they have another shape.
    """
    if labels is None:
        raise ValueError("labels are missing: input_fn must return (features, labels).")
    if isinstance(labels, Mapping):
        raise ValueError(
            f"labels must be a tensor; received a dict of {sorted(labels)}. A dict of labels is "
            "for a MultiHead."
        )
    if isinstance(labels, tf.SparseTensor):
        raise ValueError(
            f"labels must be a dense tensor of shape [batch, {dimension}]; received a "
            "SparseTensor. Let input_fn make it dense: tf.sparse.to_dense(labels)."
        )
    tensor = tf.convert_to_tensor(labels)
    if None not in (tensor.shape.rank, logits.shape.rank) and (
        tensor.shape.rank == logits.shape.rank - 1
    ):
        tensor = tf.expand_dims(tensor, -1)
    told = (
        f"labels must be of shape [batch, {dimension}]; check n_classes or label_dimension, and "
        "that the labels are not one-hot"
    )
    if tensor.shape.rank is not None and (
        tensor.shape.rank < 2 or tensor.shape[-1] not in (None, dimension)
    ):
        raise ValueError(f"{told}. Received a tensor of shape {tensor.shape}.")
    expected = tf.concat([tf.shape(logits)[:-1], [dimension]], axis=0)
    same = tf.debugging.assert_equal(tf.shape(tensor), expected, message=told)
    with tf.control_dependencies([same]):
        return tf.identity(tensor)


def checked_weight_column(weight_column: Any) -> Any:
    """The weight column as a numeric column; None where there is none.

    Raises:
        TypeError: It is neither a string nor a `numeric_column`.
    """
    if weight_column is None or _is_numeric_column(weight_column):
        return weight_column
    if not isinstance(weight_column, str):
        raise TypeError(
            "weight_column must be the name of a feature or a tf.feature_column.numeric_column; "
            f"received {weight_column!r}."
        )
    return tf.feature_column.numeric_column(weight_column, shape=(1,))


def example_weights(
    features: Any, weight_column: Any, logits: tf.Tensor, *, of_each_logit: bool = False
) -> Any:
    """The weights of a batch, `[batch, ..., 1]`; 1.0 where there is no weight column.

    Args:
        features: Dict of name to tensor.
        weight_column: As `checked_weight_column` returns it.
        logits: What they are compared with.
        of_each_logit: Whether there may be one for each logit.

    Raises:
        ValueError: The features have no such column, or it holds no numbers.
        tf.errors.InvalidArgumentError: As the graph runs: they have another shape.
    """
    if weight_column is None:
        return 1.0
    names = sorted(features) if isinstance(features, Mapping) else []
    if weight_column.key not in names:
        raise ValueError(
            f"The weight column {weight_column.key!r} is missing from the features; there are "
            f"{names}.{did_you_mean(weight_column.key, names)}"
        )
    if tf.as_dtype(features[weight_column.key].dtype) in (tf.string, tf.bool):
        raise ValueError(
            f"The weight column {weight_column.key!r} must hold numbers; found "
            f"{features[weight_column.key].dtype.name}."
        )
    cache = tf.__internal__.feature_column.FeatureTransformationCache(features)
    weights = tf.cast(weight_column.get_dense_tensor(cache, None), tf.float32)
    if weights.shape.rank == logits.shape.rank - 1:
        weights = tf.expand_dims(weights, -1)
    found, batch = tf.shape(weights), tf.shape(logits)[:-1]
    allowed = [tf.concat([batch, [1]], axis=0)] + ([tf.shape(logits)] if of_each_logit else [])
    fits = tf.reduce_any([_equal(found, shape) for shape in allowed])
    told = f"The weight column {weight_column.key!r} must be of shape [batch, 1]; found"
    with tf.control_dependencies([tf.debugging.Assert(fits, [told, found])]):
        return tf.identity(weights)


def _equal(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Whether two shapes are the same, of whatever ranks."""
    return tf.cond(
        tf.equal(tf.size(first), tf.size(second)),
        lambda: tf.reduce_all(tf.equal(first, second)),
        lambda: tf.constant(False),
    )


def _is_numeric_column(given: Any) -> bool:
    return type(given).__name__ == "NumericColumn"
