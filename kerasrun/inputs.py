"""The `tf.estimator.inputs` namespace: examples from arrays and data frames."""

from typing import TYPE_CHECKING

from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.input_fns import numpy_input_fn, pandas_input_fn

__all__ = ["numpy_input_fn", "pandas_input_fn"]
__getattr__ = lazy_names(__name__, dict.fromkeys(__all__, "kerasrun.input_fns"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
