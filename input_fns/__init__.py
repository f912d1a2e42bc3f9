"""Where examples come from: one source, one file.

Each function returns an `input_fn`: a callable without arguments that returns a `tf.data.Dataset`
of `features`, or of `(features, labels)`, in batches.

Importing this package imports neither TensorFlow nor pandas; using a name does.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.input_fns.csv_input import csv_input_fn
    from kerasrun.input_fns.numpy_input import numpy_input_fn
    from kerasrun.input_fns.pandas_input import pandas_input_fn

__all__ = ["csv_input_fn", "numpy_input_fn", "pandas_input_fn"]

_MODULE_OF = {
    "csv_input_fn": "kerasrun.input_fns.csv_input",
    "numpy_input_fn": "kerasrun.input_fns.numpy_input",
    "pandas_input_fn": "kerasrun.input_fns.pandas_input",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
