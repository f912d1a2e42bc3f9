"""The two usual `serving_input_receiver_fn`s: raw tensors, and serialised `tf.train.Example`s."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from kerasrun.exporters.serving_input import ServingInputReceiver

_FEATURE_KINDS = (
    tf.io.FixedLenFeature,
    tf.io.FixedLenSequenceFeature,
    tf.io.RaggedFeature,
    tf.io.SparseFeature,
    tf.io.VarLenFeature,
)


def build_raw_serving_input_receiver_fn(
    features: Any, default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Returns a receiver function that is fed the features themselves.

    See `tf.estimator.export.build_raw_serving_input_receiver_fn`.

    Args:
        features: Dict of name to anything with a shape `[batch, ...]` and a dtype: a `TensorSpec`,
            a tensor, a `keras.Input`, an array. Only shape and dtype are used. A bare one is fed as
            `input` and becomes the feature `feature`.
        default_batch_size: The batch size to be fed; None: any.

    Raises:
        TypeError: A feature is sparse, ragged, or has no shape and dtype.
    """
    if isinstance(features, Mapping):
        specs = {
            name: batched_spec(name, value, default_batch_size) for name, value in features.items()
        }
        return lambda: _raw_receiver(specs)
    spec = batched_spec("input", features, default_batch_size)
    return lambda: _single_receiver(spec)


def build_parsing_serving_input_receiver_fn(
    feature_spec: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Returns a receiver function that is fed serialised `tf.train.Example`s, as `examples`.

    See `tf.estimator.export.build_parsing_serving_input_receiver_fn`.

    Args:
        feature_spec: Dict of name to `tf.io.FixedLenFeature` and its like: how to read an Example.
        default_batch_size: The batch size to be fed; None: any.

    Raises:
        TypeError: `feature_spec` is no dict of these.
    """
    spec = _checked_feature_spec(feature_spec)

    def serving_input_receiver_fn() -> ServingInputReceiver:
        examples = tf.compat.v1.placeholder(
            tf.string, [default_batch_size], name="input_example_tensor"
        )
        return ServingInputReceiver(tf.io.parse_example(examples, spec), {"examples": examples})

    return serving_input_receiver_fn


def _raw_receiver(specs: dict[str, tf.TensorSpec]) -> ServingInputReceiver:
    receivers = {name: placeholder(name, spec) for name, spec in specs.items()}
    return ServingInputReceiver(dict(receivers), receivers)


def _single_receiver(spec: tf.TensorSpec) -> ServingInputReceiver:
    receiver = placeholder("input", spec)
    return ServingInputReceiver(receiver, receiver)


def placeholder(name: Any, spec: tf.TensorSpec) -> tf.Tensor:
    """Returns a placeholder of this shape and dtype, its operation named after `name`."""
    op_name = re.sub(r"[^A-Za-z0-9_.]", "_", str(name))  # an op's name takes fewer characters
    op_name = op_name if re.match(r"[A-Za-z0-9.]", op_name) else f"input{op_name}"
    return tf.compat.v1.placeholder(spec.dtype, spec.shape, name=op_name)


def batched_spec(name: Any, value: Any, batch_size: int | None) -> tf.TensorSpec:
    """Returns shape and dtype of a feature, the first dimension set free or to `batch_size`.

    A scalar is one example: it gets this dimension.

    Raises:
        TypeError: It is sparse, ragged, or has no shape and dtype.
    """
    composite = (tf.SparseTensor, tf.RaggedTensor, tf.SparseTensorSpec, tf.RaggedTensorSpec)
    if isinstance(value, composite) or not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise TypeError(
            f"The feature {name!r} must be dense and have a shape and a dtype, as a tensor or a "
            f"tf.TensorSpec; found {value!r}. Sparse features come from serialised Examples: "
            "build_parsing_serving_input_receiver_fn."
        )
    shape = tf.TensorShape(value.shape)
    if shape.rank is None:
        return tf.TensorSpec(None, tf.as_dtype(value.dtype))
    return tf.TensorSpec([batch_size, *shape[1:]], tf.as_dtype(value.dtype))


def _checked_feature_spec(feature_spec: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(feature_spec, Mapping) or not feature_spec:
        raise TypeError(
            "feature_spec must be a dict of name to tf.io.FixedLenFeature or its like; received "
            f"{feature_spec!r}."
        )
    for name, feature in feature_spec.items():
        if not isinstance(feature, _FEATURE_KINDS):
            raise TypeError(
                f"feature_spec[{name!r}] must be a tf.io.FixedLenFeature, VarLenFeature or their "
                f"like; found {feature!r}. Raw tensors: build_raw_serving_input_receiver_fn."
            )
    return dict(feature_spec)
