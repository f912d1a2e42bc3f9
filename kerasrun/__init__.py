"""Estimators for Keras 3, and the command that runs them.

The parts are `kerasrun.bridge`, `kerasrun.exporters`, `kerasrun.input_fns`, `kerasrun.runs` and
`kerasrun.cli`; `kerasrun.estimator` is the namespace in the shape of `tf.estimator`.
Importing this package imports none of them, and so neither TensorFlow nor Keras.
"""

__version__ = "0.1.0"
