"""Eager execution, wherever it is asked for.

Old programs build graphs: the verbs of an Estimator may be called where a graph is the default one,
or where eager execution has been turned off.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tensorflow.python.eager import context

_Function = TypeVar("_Function", bound=Callable[..., Any])


def eagerly(function: _Function) -> _Function:
    """Runs the function with eager execution."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        with context.eager_mode():
            return function(*arguments, **named)

    return run  # type: ignore[return-value]


def eager_iterator(function: _Function) -> _Function:
    """Runs a generator with eager execution, and what is done between its items without."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Iterator[Any]:
        items = function(*arguments, **named)
        try:
            while True:
                with context.eager_mode():
                    try:
                        item = next(items)
                    except StopIteration:
                        return
                yield item
        finally:
            items.close()

    return run  # type: ignore[return-value]
