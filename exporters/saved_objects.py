"""The objects that TensorFlow writes as a SavedModel: variables, tables, traced functions."""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf


def root_of(variables: Any, resources: list[Any], functions: Mapping[str, Any]) -> Any:
    """Returns what `tf.saved_model.save` walks: variables, tables and what these hold.

    Args:
        variables: Those to be written, listed or by name.
        resources: The lookup tables.
        functions: Concrete functions; variables that they read beside the given ones are added.
    """
    root = tf.__internal__.tracking.AutoTrackable()
    if isinstance(variables, Mapping):
        root.variables = {name: raw(variable) for name, variable in variables.items()}
        known = {id(variable) for variable in root.variables.values()}
    else:
        root.variables = each_once(raw(variable) for variable in variables)
        known = {id(variable) for variable in root.variables}
    read = [variable for function in functions.values() for variable in function.graph.variables]
    root.other_variables = each_once(v for v in read if id(v) not in known)
    root.resources = each_once(resources)
    return root


def raw(variable: Any) -> Any:
    """Returns the `tf.Variable` of a `keras.Variable`."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def each_once(values: Iterable[Any]) -> list[Any]:
    """Returns the values without repetitions, in order."""
    return list({id(value): value for value in values}.values())


def save(root: Any, folder: str, functions: Mapping[str, Any]) -> None:
    """Writes the folder with TensorFlow.

    Raises:
        ValueError: A function uses a table that the root does not hold.
    """
    try:
        tf.saved_model.save(root, folder, signatures=dict(functions))
    except AssertionError as error:
        raise ValueError(
            "A signature uses a resource (a lookup table) that is not part of the export. Pass it "
            f"in `resources`, as resources_of(model) finds it in a model. TensorFlow says: {error}"
        ) from error
