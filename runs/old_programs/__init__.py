"""Programs written for `tf.estimator`, read and never run: which of their names work here."""
