"""`arg_scope`: default arguments for functions, within a block."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Scope = dict[Any, dict[str, Any]]
_SCOPE: ContextVar[Scope | None] = ContextVar("arg_scope", default=None)
_FUNCTION = "_arg_scope_function"


@contextmanager
def arg_scope(list_ops_or_scope: Mapping[Any, Any] | Iterable[Any], **kwargs: Any) -> Iterator[Any]:
    """Gives functions default arguments within a block.

        with arg_scope([fully_connected], activation_fn=tf.nn.relu) as scope:
            ...

    Args:
        list_ops_or_scope: Functions decorated with `add_arg_scope`; or what an `arg_scope` gave
            (`scope` above), whose defaults hold again.
        **kwargs: The defaults.

    Raises:
        ValueError: A function is not decorated; or there are arguments beside a scope.
        TypeError: It is neither.
    """
    token = _SCOPE.set(_entered(list_ops_or_scope, kwargs))
    try:
        yield _SCOPE.get()
    finally:
        _SCOPE.reset(token)


def _entered(given: Any, defaults: Mapping[str, Any]) -> Scope:
    if isinstance(given, Mapping):
        if defaults:
            raise ValueError("arg_scope: a scope that is entered again takes no other arguments.")
        return dict(given)
    if not isinstance(given, Iterable):
        raise TypeError(f"arg_scope needs a list of functions, or a scope; received {given!r}.")
    scope = dict(_SCOPE.get() or {})
    for function in given:
        if not has_arg_scope(function):
            raise ValueError(
                f"arg_scope: {_name(function)!r} is not decorated with @add_arg_scope."
            )
        key = getattr(function, _FUNCTION)
        scope[key] = {**scope.get(key, {}), **defaults}
    return scope


def add_arg_scope(func: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that takes default arguments from `arg_scope`."""

    @functools.wraps(func)
    def with_defaults(*args: Any, **kwargs: Any) -> Any:
        defaults = (_SCOPE.get() or {}).get(func, {})
        return func(*args, **{**defaults, **kwargs})

    setattr(with_defaults, _FUNCTION, func)
    return with_defaults


def has_arg_scope(func: Any) -> bool:
    """Whether a function takes default arguments from `arg_scope`."""
    return hasattr(func, _FUNCTION)


def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """The names of a function's arguments that `arg_scope` can give.

    Raises:
        ValueError: The function is not decorated.
    """
    if not has_arg_scope(func):
        raise ValueError(f"{_name(func)!r} is not decorated with @add_arg_scope.")
    parameters = inspect.signature(func).parameters.values()
    return tuple(each.name for each in parameters if each.default is not inspect.Parameter.empty)


def _name(function: Any) -> str:
    return getattr(function, "__name__", str(function))
