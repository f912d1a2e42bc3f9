"""A module that is another one, with some names of its own."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


class Namespace(ModuleType):
    """Answers with its own names first, then with those of another module.

    What is set on it stays on it: the other module is left as it is.

    Args:
        name: Its name.
        base: The module behind it.
        own: Functions that make its own values, by name; each is called once, when it is asked for.
        missing: Called with a name that neither has; returns the words of the error. None: the
            other module's own.
    """

    def __init__(
        self,
        name: str,
        base: Any,
        own: Mapping[str, Callable[[], Any]],
        missing: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(name, getattr(base, "__doc__", None))
        self.__dict__["_base"], self.__dict__["_own"] = base, dict(own)
        self.__dict__["_missing"] = missing
        self.__path__: list[str] = []  # so that `import name.part` is looked for

    def __getattr__(self, name: str) -> Any:
        if name in self._own:
            value = self._own[name]()
            setattr(self, name, value)
            return value
        try:
            return getattr(self._base, name)
        except AttributeError:
            if self._missing is None or name.startswith("__"):
                raise
            raise AttributeError(self._missing(name)) from None

    def __dir__(self) -> list[str]:
        return sorted({*dir(self._base), *self._own, *self.__dict__})


class Empty(ModuleType):
    """Nothing to stand in front of."""
