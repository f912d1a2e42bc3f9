"""Names of `tf.contrib` that have a home elsewhere, and what is said of those that have none."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

_HERE = __name__.rpartition(".")[0]


def names_elsewhere(module: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """Returns the `__getattr__` of a part of `contrib`.

    Args:
        module: The part's own `__name__`.
        where: For each name the module that has it; `module:name` where it is called otherwise
            there.
    """

    def get(name: str) -> Any:
        if name not in where:
            raise refusal(module, name, where)
        home, _, called = where[name].partition(":")
        return getattr(import_module(home), called or name)

    return get


def refusal(module: str, name: str, known: Mapping[str, Any]) -> AttributeError:
    """Returns an error that says that a part has no such name, and what to use.

    Args:
        module: The part's own `__name__`.
        name: The name.
        known: Those that it has.
    """
    symbol = f"contrib{module.removeprefix(_HERE)}.{name}"
    if name.startswith("__"):
        return AttributeError(f"module 'tf.{symbol.rpartition('.')[0]}' has no attribute {name!r}")
    from kerasrun.runs.errors import did_you_mean

    near = did_you_mean(name, known)
    return AttributeError(f"There is no tf.{symbol} here.{near} {instead_of(symbol)}")


def instead_of(symbol: str) -> str:
    """What to do without a name such as `contrib.layers.stack`."""
    from kerasrun.runs.old_programs.contrib import contrib_verdict
    from kerasrun.runs.old_programs.installed import Installed
    from kerasrun.runs.old_programs.verdict import EDIT

    try:
        installed = Installed()
    except LookupError:
        installed = None
    kind, text = contrib_verdict(symbol, installed)
    ended = "tf.contrib ended with TensorFlow 1.15"
    if kind == EDIT:
        return f"{ended}; instead: {text}."
    return f"{text}." if text.startswith("tf.contrib ") else f"{ended}: {text}."
