"""The namespace `tf.estimator` in its two forms, and what stands beside it."""

from typing import Any

from kerasrun.compat.namespace import Namespace

# In the form of TensorFlow 1: the loss is the sum over a batch, names are those of its optimizers.
_CANNED = (
    "BaselineClassifier",
    "BaselineEstimator",
    "BaselineRegressor",
    "DNNClassifier",
    "DNNEstimator",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedEstimator",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "LinearClassifier",
    "LinearEstimator",
    "LinearRegressor",
)


def estimator_v2() -> Any:
    """`tf.estimator` of TensorFlow 2."""
    from kerasrun import estimator

    return estimator


def estimator_v1() -> Any:
    """`tf.compat.v1.estimator`, which is `tf.estimator` of TensorFlow 1."""
    from kerasrun import estimator
    from kerasrun.bridge.canned import v1

    own = {name: _getter(v1, name) for name in _CANNED}
    return Namespace("tensorflow.compat.v1.estimator", estimator, own)


def keras_estimator() -> Any:
    """`tf.keras.estimator`."""
    from kerasrun import estimator
    from kerasrun.compat.namespace import Empty

    own = {"model_to_estimator": lambda: estimator.model_to_estimator}
    return Namespace("tensorflow.keras.estimator", Empty("tensorflow.keras.estimator"), own)


def _getter(module: Any, name: str) -> Any:
    return lambda: getattr(module, name)
