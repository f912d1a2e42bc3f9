"""One training in several processes or on several devices, by `tf.distribute`."""
