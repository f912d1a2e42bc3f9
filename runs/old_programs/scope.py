"""Which name of TensorFlow a name of a program stands for, at one place of it."""

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_V1 = "tensorflow.compat.v1"


class Scope:
    """The names of a module, a class or a function, and of what surrounds it.

    A name that is bound to something else than a name of TensorFlow is kept as None: it hides
    the one outside.
    """

    def __init__(self, outside: "Scope | None" = None) -> None:
        self._names: dict[str, str | None] = {}
        self._outside = outside
        self._is_class = False
        self._unsure = False

    def find(self, name: str) -> str | None:
        """What `name` stands for; None if for nothing of TensorFlow's."""
        scope: Scope | None = self
        while scope:
            if name in scope._names:
                return scope._names[name]
            scope = scope._outside
        return None

    def bind(self, name: str, meaning: str | None) -> None:
        """Has `name` stand for `meaning` from here on."""
        known = self._names.get(name)
        if known and self._unsure and not _replaces(meaning, known):
            return
        self._names[name] = meaning

    @contextmanager
    def unsure(self) -> Iterator[None]:
        """Inside it, what is bound may not come to pass: the likelier meaning is kept."""
        before, self._unsure = self._unsure, True
        yield
        self._unsure = before

    def function(self, parameters: Iterable[str]) -> "Scope":
        """The scope of a function defined here; the names of a class are not seen in it."""
        outside = self._outside if self._is_class else self
        inner = Scope(outside)
        inner._names = dict.fromkeys(parameters)
        return inner

    def of_class(self) -> "Scope":
        """The scope of a class defined here."""
        outside = self._outside if self._is_class else self
        inner = Scope(outside)
        inner._is_class = True
        return inner


def _replaces(meaning: str | None, known: str) -> bool:
    """Of two branches, the one that binds a name to what today's TensorFlow has."""
    return meaning is not None and not (known == _V1 and meaning == "tensorflow")


def target_names(targets: Iterable[ast.AST]) -> Iterator[str]:
    """The names that targets of assignments bind."""
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
