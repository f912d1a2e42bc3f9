"""`kerasrun.install()`: `tf.estimator` where it was."""

import sys
from typing import Any


def install() -> None:
    """Puts what is gone from TensorFlow back in its place, for this process.

    `tf.estimator`, `tf.compat.v1.estimator`, `tf.keras.estimator`, `tf.compat.v1.layers`,
    `tf.compat.v1.nn.rnn_cell` and the module `tensorflow_estimator` are there then, whether a
    program says `import tensorflow as tf` or `import tensorflow.compat.v1 as tf`; and `compile`
    takes optimizers of TensorFlow 1. Call it before the program is imported. Harmless when
    repeated; nothing is changed before it is called.
    """
    import tensorflow as tf
    from keras._tf_keras import keras as tf_keras
    from keras.src.trainers.trainer import Trainer  # Keras looks whether a model has its own

    from kerasrun import feature_columns
    from kerasrun.compat.estimators import estimator_v1, estimator_v2, keras_estimator
    from kerasrun.compat.modules import find_estimator_modules, register
    from kerasrun.compat.optimizers import compiling_with_v1
    from kerasrun.compat.tensorflow_v1 import layers, rnn_cell

    find_estimator_modules()
    if getattr(tf, "estimator", None) is estimator_v2():
        return
    first = estimator_v1()
    tf.estimator = tf.compat.v2.estimator = estimator_v2()
    for module in _modules("tensorflow", "compat.v1"):
        module.estimator, module.layers = first, layers()
        module.nn.rnn_cell = rnn_cell()
    tf_keras.estimator = of_keras = keras_estimator()
    tf_keras.layers.DenseFeatures = feature_columns.DenseFeatures
    register("tensorflow.estimator", tf.estimator)
    register("tensorflow.compat.v2.estimator", tf.estimator)
    register("tensorflow.compat.v1.estimator", first)
    register("tensorflow.keras.estimator", of_keras)
    Trainer.compile = compiling_with_v1(Trainer.compile)


def _modules(top: str, name: str) -> list[Any]:
    """A module of TensorFlow's API, under each of the paths that it is imported by."""
    paths = (f"{top}.{name}", f"{top}._api.v2.{name}")
    return list({id(m): m for p in paths if (m := sys.modules.get(p)) is not None}.values())
