"""The bridge: a compiled Keras model becomes an Estimator."""
