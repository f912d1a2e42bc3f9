"""Variables that take their values from a checkpoint."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow.compat.v1 as v1

_LOGGER = logging.getLogger("tensorflow")


def assign_from_checkpoint(
    model_path: str, var_list: Mapping[str, Any] | Iterable[Any], ignore_missing_vars: bool = False
) -> tuple[Any, dict[Any, Any]]:
    """Returns an operation that gives variables their values, and what it is fed.

    Args:
        model_path: The checkpoint.
        var_list: Variables; or name in the checkpoint to variable.
        ignore_missing_vars: Whether those that it lacks are passed over.

    Raises:
        ValueError: It lacks one, or has it in another shape.
    """
    reader = v1.train.load_checkpoint(model_path)
    fed, assigned = {}, []
    for name, variable in _known(reader, var_list, ignore_missing_vars, model_path).items():
        value = reader.get_tensor(name)
        if not variable.shape.is_compatible_with(value.shape):
            raise ValueError(
                f"{name!r} is {list(value.shape)} in {model_path}; the variable "
                f"{variable.op.name!r} is {variable.shape.as_list()}."
            )
        placeholder = v1.placeholder(variable.dtype.base_dtype, value.shape)
        fed[placeholder] = value
        assigned.append(v1.assign(variable, placeholder).op)
    return v1.group(*assigned), fed


def assign_from_checkpoint_fn(
    model_path: str,
    var_list: Mapping[str, Any] | Iterable[Any],
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable[[Any], None] | None:
    """Returns a function that gives variables their values in a session.

    Args:
        model_path: The checkpoint.
        var_list: Variables; or name in the checkpoint to variable.
        ignore_missing_vars: Whether those that it lacks are passed over.
        reshape_variables: Whether a value may have another shape of the same size.

    Returns:
        None where no variable is left.

    Raises:
        ValueError: The checkpoint lacks a variable.
    """
    reader = v1.train.load_checkpoint(model_path)
    known = _known(reader, var_list, ignore_missing_vars, model_path)
    if not known:
        _LOGGER.warning("%s holds none of the variables: nothing is restored.", model_path)
        return None
    saver = v1.train.Saver(known, reshape=reshape_variables)

    def restore(session: Any) -> None:
        saver.restore(session, model_path)

    return restore


def _known(reader: Any, var_list: Any, ignore_missing: bool, path: str) -> dict[str, Any]:
    """Name in the checkpoint to variable."""
    if isinstance(var_list, Mapping):
        wanted = dict(var_list)
    else:
        wanted = {variable.op.name: variable for variable in var_list}
    missing = [name for name in wanted if not reader.has_tensor(name)]
    if missing and not ignore_missing:
        raise ValueError(
            f"{path} has no {', '.join(map(repr, missing))}. Give ignore_missing_vars=True to go "
            "on without."
        )
    for name in missing:
        _LOGGER.warning("%s has no %r: the variable is left as it is.", path, name)
    return {name: variable for name, variable in wanted.items() if name not in missing}
