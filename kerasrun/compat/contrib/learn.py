"""`tf.contrib.learn`, of which `tf.estimator` was made: what has the same meaning there."""

from kerasrun import inputs as io
from kerasrun.compat.contrib.elsewhere import names_elsewhere

_WHERE = {
    "RunConfig": "kerasrun.bridge.run_config",
}
__all__ = [*_WHERE, "ModeKeys", "io", "learn_io"]
__getattr__ = names_elsewhere(__name__, _WHERE)
learn_io = io


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class ModeKeys:
    """The modes, with the value that `tf.estimator` has for predictions too."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"
