"""What `functools.partial` has bound: nobody else is to give it."""

import functools
from typing import Any


def bound_keywords(function: Any) -> set[str]:
    """The names of the arguments that partials bind by keyword."""
    names: set[str] = set()
    while isinstance(function, functools.partial):
        names |= set(function.keywords)
        function = function.func
    return names
