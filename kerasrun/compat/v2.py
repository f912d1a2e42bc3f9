"""`tensorflow` with `tf.estimator` and `tf.keras.estimator`.

from kerasrun.compat import v2 as tf
"""

from typing import Any

import tensorflow

from kerasrun.compat.estimators import estimator_v2
from kerasrun.compat.namespace import Namespace
from kerasrun.compat.tensorflow_v1 import keras_with_estimator, whole

_WHOLE = Namespace(
    __name__,
    tensorflow,
    {
        "estimator": estimator_v2,
        "keras": lambda: keras_with_estimator(f"{__name__}.keras"),
        "compat": lambda: _compat(),
    },
)


def __getattr__(name: str) -> Any:
    return getattr(_WHOLE, name)


def __dir__() -> list[str]:
    return dir(_WHOLE)


def _compat() -> Any:
    own = {"v1": lambda: whole(f"{__name__}.compat.v1"), "v2": lambda: _WHOLE}
    return Namespace(f"{__name__}.compat", tensorflow.compat, own)
