"""The variables of a graph, by where they are and how they are called."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow.compat.v1 as v1

_Keys = v1.GraphKeys


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = _Keys.GLOBAL_VARIABLES
) -> list[Any]:
    """Returns the variables whose names begin and end so.

    Args:
        scope: A variable scope, or a regular expression for the beginning. None: any.
        suffix: The ending. None: any.
        collection: Where they are looked up.
    """
    beginning = getattr(scope, "name", scope)
    if suffix is not None:
        ending = suffix if ":" in suffix else f"{suffix}:"
        beginning = f"{beginning or ''}.*{ending}"
    return list(v1.get_collection(collection, beginning))


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """`get_variables` of those noted as the model's."""
    return get_variables(scope, suffix, _Keys.MODEL_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """`get_variables` of those that are no part of checkpoints."""
    return get_variables(scope, suffix, _Keys.LOCAL_VARIABLES)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """`get_variables` of those that training changes."""
    return get_variables(scope, suffix, _Keys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """`get_variables`, with the ending first."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The variables of this name, in any scope or below one."""
    return get_variables(scope, f"/{given_name}:|^{given_name}:")


def get_unique_variable(var_op_name: str) -> Any:
    """The one variable of a name.

    Args:
        var_op_name: The whole name, without `:0`.

    Raises:
        ValueError: There is none, or more than one.
    """
    named = [each for each in get_variables() if each.op.name == var_op_name]
    if len(named) != 1:
        there = sorted({each.op.name for each in get_variables()})
        raise ValueError(f"{len(named)} variables are called {var_op_name!r}; there are {there}.")
    return named[0]


def get_variables_to_restore(
    include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
) -> list[Any]:
    """Returns variables by the beginnings of their names.

    Args:
        include: Those wanted. None: all.
        exclude: Those of them that are left out.
    """
    beginnings: list[str | None] = [None] if include is None else list(include)
    wanted = [each for beginning in beginnings for each in get_variables(beginning)]
    unwanted = {each.name for beginning in exclude or () for each in get_variables(beginning)}
    kept = {each.name: each for each in wanted if each.name not in unwanted}
    return list(kept.values())


def filter_variables(
    var_list: Iterable[Any],
    include_patterns: Iterable[str] | None = None,
    exclude_patterns: Iterable[str] | None = None,
    reg_search: bool = True,
) -> list[Any]:
    """Returns those of some variables whose names fit.

    Args:
        var_list: The variables.
        include_patterns: Regular expressions, of which one must fit. None: all fit.
        exclude_patterns: Those of which none may.
        reg_search: Whether they may fit anywhere, and not at the beginning only.
    """
    fits: Callable[[str, str], Any] = re.search if reg_search else re.match

    def fits_one(variable: Any, patterns: Iterable[str]) -> bool:
        return any(fits(pattern, variable.op.name) for pattern in patterns)

    wanted, unwanted = list(include_patterns or [""]), list(exclude_patterns or ())
    return [each for each in var_list if fits_one(each, wanted) and not fits_one(each, unwanted)]
