"""Asks for everything that `kerasrun.install()` puts in place."""

import sys

import kerasrun

before = set(sys.modules)
import tensorflow as tf  # noqa: E402

assert not hasattr(tf, "estimator")  # nothing is changed before
kerasrun.install()
kerasrun.install()

import keras  # noqa: E402
import tensorflow.compat.v1 as tf1  # noqa: E402
import tensorflow_estimator as whole  # noqa: E402
from tensorflow.estimator import LinearRegressor  # noqa: E402
from tensorflow.python.estimator.canned import dnn, head  # noqa: E402, F401
from tensorflow.python.estimator.inputs.pandas_io import pandas_input_fn  # noqa: E402
from tensorflow_estimator.python.estimator import estimator as estimator_lib  # noqa: E402
from tensorflow_estimator.python.estimator.export.export import (  # noqa: E402
    ServingInputReceiver,
)

from kerasrun import estimator  # noqa: E402
from kerasrun.compat import v1, v2  # noqa: E402

assert tf.estimator is estimator
assert tf.compat.v2.estimator is estimator
assert tf.compat.v1.estimator is tf1.estimator
assert tf1.estimator.Estimator is estimator.Estimator is estimator_lib.Estimator
assert tf1.estimator.DNNClassifier is dnn.DNNClassifier is not tf.estimator.DNNClassifier
assert dnn.DNNClassifierV2 is tf.estimator.DNNClassifier
assert LinearRegressor is tf.estimator.LinearRegressor
assert whole.train_and_evaluate is estimator.train_and_evaluate
assert ServingInputReceiver is estimator.export.ServingInputReceiver
assert pandas_input_fn is estimator.inputs.pandas_input_fn
assert tf.keras.estimator.model_to_estimator is estimator.model_to_estimator
assert tf1.layers.dense is tf.compat.v1.layers.dense is v1.layers.dense
assert tf1.nn.rnn_cell.BasicLSTMCell is v1.nn.rnn_cell.BasicLSTMCell
assert tf.keras.layers.DenseFeatures is v1.keras.layers.DenseFeatures
assert v1.placeholder is tf1.placeholder
assert v2.function is tf.function
assert v1.estimator.DNNClassifier is dnn.DNNClassifier
assert v2.estimator is estimator
try:
    from tensorflow.python.estimator.estimator import Estimater  # noqa: F401
except ImportError as error:
    assert "Estimater" in str(error), error
else:
    raise AssertionError
try:
    _ = estimator_lib.Estimater
except AttributeError as error:
    assert "Did you mean 'Estimator'" in str(error), error

model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
model.compile(tf1.train.RMSPropOptimizer(0.3, decay=0.8, momentum=0.1), "mse")
assert isinstance(model.optimizer, keras.optimizers.RMSprop)
assert abs(float(model.optimizer.learning_rate) - 0.3) < 1e-6
assert (model.optimizer.rho, model.optimizer.momentum) == (0.8, 0.1)
model.compile("adam", "mse")


class Own(v1.keras.optimizers.SGD):
    def __init__(self, lr: float) -> None:
        super().__init__(lr=2 * lr)


assert isinstance(v1.keras.optimizers.Adam(lr=0.1), v1.keras.optimizers.Adam)
assert abs(float(Own(0.1).learning_rate) - 0.2) < 1e-6
assert not isinstance(keras.optimizers.SGD(), v1.keras.optimizers.Adam)
try:
    model.compile(tf1.train.ProximalAdagradOptimizer(0.1), "mse")
except ValueError as error:
    assert "has no counterpart" in str(error), error
else:
    raise AssertionError
print("in place")
