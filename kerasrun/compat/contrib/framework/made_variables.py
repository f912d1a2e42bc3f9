"""Variables that are noted in collections."""

from collections.abc import Iterable
from typing import Any

import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope

_Keys = v1.GraphKeys


@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = v1.VariableSynchronization.AUTO,
    aggregation: Any = v1.VariableAggregation.NONE,
) -> Any:
    """`tf.get_variable`, on a device.

    Args:
        name: Below the variable scope.
        shape: As in `tf.get_variable`; the other arguments too, but for `device`.
        dtype: Likewise.
        initializer: Likewise.
        regularizer: Likewise.
        trainable: Likewise.
        collections: Likewise.
        caching_device: Likewise.
        device: A device, or a function from an operation to one.
        partitioner: As in `tf.get_variable`.
        custom_getter: Likewise.
        use_resource: Likewise.
        synchronization: Likewise.
        aggregation: Likewise.
    """
    noted = [_Keys.GLOBAL_VARIABLES] if collections is None else list(dict.fromkeys(collections))
    with v1.device(device):
        return v1.get_variable(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=noted,
            caching_device=caching_device,
            partitioner=partitioner,
            custom_getter=custom_getter,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )


@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = v1.float32,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    **others: Any,
) -> Any:
    """`variable`, noted as one of the model; the arguments are the same."""
    noted = [*(collections or ()), _Keys.GLOBAL_VARIABLES, _Keys.MODEL_VARIABLES]
    return variable(name, shape, dtype, initializer, regularizer, trainable, noted, **others)


def local_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, **others: Any
) -> Any:
    """A variable that is no part of checkpoints.

    Args:
        initial_value: A tensor or number.
        validate_shape: Whether its shape is the variable's.
        name: Of the variable.
        **others: As in `tf.Variable`.
    """
    return v1.Variable(
        initial_value,
        trainable=False,
        collections=[_Keys.LOCAL_VARIABLES],
        validate_shape=validate_shape,
        name=name,
        **others,
    )


def add_model_variable(var: Any) -> None:
    """Notes a variable as one of the model."""
    if not any(each is var for each in v1.get_collection(_Keys.MODEL_VARIABLES)):
        v1.add_to_collection(_Keys.MODEL_VARIABLES, var)
