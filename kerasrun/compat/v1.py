"""`tensorflow.compat.v1` with `tf.estimator`, `tf.layers` and what else is gone.

from kerasrun.compat import v1 as tf
"""

from typing import Any

from kerasrun.compat.tensorflow_v1 import whole

_WHOLE = whole(__name__)


def __getattr__(name: str) -> Any:
    return getattr(_WHOLE, name)


def __dir__() -> list[str]:
    return dir(_WHOLE)
