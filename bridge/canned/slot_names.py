"""What the checkpoints of the `tf.compat.v1.estimator` classes call an optimizer's state."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf


@contextmanager
def slots_of_partitions(variables: Sequence[Any], partition: str | None) -> Iterator[None]:
    """Within it the state of an optimizer is called as if variables were cut into partitions.

    The original cuts each into one, and its checkpoints tell: `dnn/logits/bias/t_0/Adagrad`.

    Args:
        variables: Those that are trained.
        partition: `t_0` or `part_0`; None: nothing is renamed.
    """
    names = [variable.name.removesuffix(":0") for variable in variables]

    def create(next_creator: Callable[..., Any], **arguments: Any) -> Any:
        asked = str(arguments.get("name"))
        for name in names:
            if partition and asked.startswith(f"{name}/"):
                arguments["name"] = f"{name}/{partition}/{asked.removeprefix(name + '/')}"
        return next_creator(**arguments)

    with tf.variable_creator_scope(create):
        yield
