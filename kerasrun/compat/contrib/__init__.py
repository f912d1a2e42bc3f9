"""`tf.contrib` of TensorFlow 1, as far as programs for `tf.estimator` used it.

What has one clear equivalent today is here, under its old name, with its old arguments and, in
checkpoints, its old names of variables. Any other name is an `AttributeError` that says what to
use instead. A part is imported when it is asked for; importing this package imports no TensorFlow.
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from kerasrun.compat.contrib.elsewhere import refusal

__all__ = [
    "data",
    "eager",
    "estimator",
    "feature_column",
    "framework",
    "layers",
    "learn",
    "lookup",
    "losses",
    "metrics",
    "predictor",
    "rnn",
    "slim",
    "training",
    "util",
]
# Asked for by the name of a part, they answer which of its names to replace, and by what.
_EMPTY = (
    "cluster_resolver",
    "cudnn_rnn",
    "distribute",
    "opt",
    "summary",
    "tpu",
)


def part(path: str) -> ModuleType:
    """The module behind a path below `tf.contrib`, public or through `python`.

    Args:
        path: Such as `layers`, or `layers.python.layers.initializers`; empty for all of `contrib`.

    Raises:
        AttributeError: There is no such part.
    """
    first = path.partition(".")[0]
    if not first:
        return import_module(__name__)
    if first in __all__:
        found = import_module(f"{__name__}.{first}")
        last = path.rpartition(".")[2]
        deeper = getattr(found, last) if last in found.__all__ else None
        return deeper if isinstance(deeper, ModuleType) else found
    if first in _EMPTY:
        return _Empty(first)
    raise refusal(__name__, first, dict.fromkeys(__all__))


def imported(path: str, names: Sequence[str] = ()) -> ModuleType:
    """What `from tensorflow.contrib.<path> import <names>` takes the names from.

    Args:
        path: As in `part`.
        names: The names; `*` stands for all.

    Raises:
        ImportError: There is no such part, or no such name in it.
    """
    try:
        found = part(path)
    except AttributeError as error:
        raise ModuleNotFoundError(str(error), name=f"tensorflow.contrib.{path}") from None
    for name in names:
        try:
            _ = name == "*" or getattr(found, name)
        except AttributeError as error:
            if not _is_file_of(found, name):
                raise ImportError(str(error), name=f"tensorflow.contrib.{path}") from None
    return found


def _is_file_of(package: ModuleType, name: str) -> bool:
    """Whether a package has a module of this name, which is imported then."""
    whole = f"{package.__name__}.{name}"
    if "__path__" not in package.__dict__ or not package.__path__ or not find_spec(whole):
        return False
    import_module(whole)
    return True


def __getattr__(name: str) -> Any:
    return part(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Empty(ModuleType):
    """A part that nothing is left of."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{__name__}.{name}")
        self.__path__: list[str] = []  # so that `import name.part` is looked for

    def __getattr__(self, name: str) -> Any:
        raise refusal(self.__name__, name, {})
