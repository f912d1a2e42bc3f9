"""Public names that are imported when they are first asked for (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(module: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """Returns the `__getattr__` of a module whose names lie elsewhere.

    Args:
        module: The module's own name, for the error.
        where: For each public name the module that defines it.
    """

    def get(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(import_module(where[name]), name)

    return get
