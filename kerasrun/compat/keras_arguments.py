"""Arguments and functions of Keras 2 that Keras 3 has under other names, or no more."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from kerasrun.compat.namespace import Namespace

_RATE = {"lr": "learning_rate"}
_OPTIMIZERS = (
    *("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD"),
)


def with_old_arguments(name: str, keras: Any) -> dict[str, Callable[[], Any]]:
    """Returns the parts of the Keras namespace that take what they took, as `Namespace` wants them.

    Args:
        name: What the namespace is called.
        keras: Keras 3.
    """

    def optimizers() -> Any:
        kinds = {each: _kind(getattr(keras.optimizers, each), _RATE) for each in _OPTIMIZERS}
        own = {each: _given(kind) for each, kind in kinds.items()}
        return Namespace(f"{name}.optimizers", keras.optimizers, own)

    def utils() -> Any:
        categorical = _function(keras.utils.to_categorical, {"y": "x"})
        own = {"to_categorical": _given(categorical)}
        return Namespace(f"{name}.utils", keras.utils, own)

    def backend() -> Any:
        own = {"set_learning_phase": _given(_set_learning_phase)}
        return Namespace(f"{name}.backend", keras.backend, own)

    return {"optimizers": optimizers, "utils": utils, "backend": backend}


def _set_learning_phase(value: Any) -> None:
    """Has no effect: layers are told by their `training` argument whether they train."""


def _given(value: Any) -> Callable[[], Any]:
    return lambda: value


def _function(function: Callable[..., Any], names: Mapping[str, str]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **_renamed(kwargs, names))

    return call


def _kind(kind: type, names: Mapping[str, str]) -> type:
    """The class with other names of arguments; what it makes is what the class makes."""

    def make(cls: type, *args: Any, **kwargs: Any) -> Any:
        if cls is alias:
            return kind(*args, **_renamed(kwargs, names))
        return object.__new__(cls)  # of a class derived from it

    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        kind.__init__(self, *args, **_renamed(kwargs, names))  # type: ignore[misc]

    members = {"__new__": make, "__init__": initialize, "__doc__": kind.__doc__}
    alias = _Alias(kind.__name__, (kind,), members)
    alias.stands_for = kind
    return alias


class _Alias(type):
    """Whatever the class has made is one of the alias, too."""

    stands_for: type

    def __instancecheck__(cls, instance: Any) -> bool:
        kind = cls.__dict__.get("stands_for")
        return isinstance(instance, kind) if kind else super().__instancecheck__(instance)


def _renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in given.items()}
