"""`tf.estimator` for programs that were written for older TensorFlow.

    import kerasrun

    kerasrun.install()          # from here on `import tensorflow as tf` has tf.estimator

or, with one import changed and nothing else:

    from kerasrun.compat import v1 as tf    # in place of import tensorflow.compat.v1 as tf
    from kerasrun.compat import v2 as tf    # in place of import tensorflow as tf

Importing this package imports no TensorFlow.
"""

from importlib import import_module
from types import ModuleType

_NAMESPACES = ("v1", "v2")


def __getattr__(name: str) -> ModuleType:
    if name in _NAMESPACES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMESPACES})
