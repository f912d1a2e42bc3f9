"""The parts of `tensorflow.compat.v1` that are gone, and the whole with them."""

from typing import Any

from kerasrun.compat.estimators import estimator_v1, keras_estimator
from kerasrun.compat.keras_arguments import with_old_arguments
from kerasrun.compat.namespace import Namespace


def layers() -> Any:
    """`tf.layers`."""
    from kerasrun.bridge import v1_layers

    return v1_layers


def rnn_cell() -> Any:
    """`tf.nn.rnn_cell`."""
    from kerasrun.bridge.v1_layers import rnn_cell as cells

    return cells


def whole(name: str) -> Namespace:
    """`tensorflow.compat.v1` with these parts, and with `contrib` as far as it lives on.

    Args:
        name: What the module is called.
    """
    import tensorflow.compat.v1 as base

    own = {
        "estimator": estimator_v1,
        "layers": layers,
        "nn": lambda: Namespace(f"{name}.nn", base.nn, {"rnn_cell": rnn_cell}),
        "keras": lambda: keras_with_estimator(f"{name}.keras"),
        "contrib": _contrib,
    }
    return Namespace(name, base, own)


def keras_with_estimator(name: str) -> Namespace:
    """Keras 3 as `tf.keras`, with `tf.keras.estimator` and the arguments that it took.

    Args:
        name: What the module is called.
    """
    from keras._tf_keras import keras

    own = {
        "estimator": keras_estimator,
        "layers": lambda: Namespace(f"{name}.layers", keras.layers, {"DenseFeatures": _columns}),
        **with_old_arguments(name, keras),
    }
    return Namespace(name, keras, own)


def _columns() -> Any:
    from kerasrun.feature_columns import DenseFeatures

    return DenseFeatures


def _contrib() -> Any:
    from kerasrun.compat import contrib

    return contrib
