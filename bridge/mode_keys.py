"""The three modes in which a model is built."""

from typing import Final


class ModeKeys:
    """Names of the modes, as `tf.estimator.ModeKeys` has them.

    An `input_fn` that takes a `mode` argument is given one of these.
    """

    TRAIN: Final = "train"
    EVAL: Final = "eval"
    PREDICT: Final = "infer"
