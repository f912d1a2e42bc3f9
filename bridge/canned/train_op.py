"""The operation that does one update and counts the step."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.optimizers import updater_of

TrainOpFn = Callable[[tf.Tensor], Any]


def train_op_of(
    loss: tf.Tensor,
    optimizer: Any,
    trainable_variables: Sequence[Any] | None,
    train_op_fn: TrainOpFn | None,
    update_ops: Sequence[Any] | None,
) -> Any:
    """The training operation; see `Head.create_estimator_spec`.

    Raises:
        ValueError: Not exactly one of `optimizer` and `train_op_fn` is given, or they are none.
    """
    if (optimizer is None) == (train_op_fn is None):
        found = "neither" if optimizer is None else "both"
        raise ValueError(
            f"To train, a head needs either optimizer or train_op_fn; {found} were given."
        )
    if train_op_fn is None:
        train_op = counted([updater_of(optimizer)(loss, trained(trainable_variables))])
    else:
        train_op = train_op_fn(loss)
    collected = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
    others = {id(op): op for op in (*(update_ops or ()), *collected)}
    return tf.group(train_op, *others.values()) if others else train_op


def trained(trainable_variables: Sequence[Any] | None) -> list[Any]:
    """The variables to train: those given, else all trainable ones of the graph.

    Raises:
        ValueError: There are none, or they are no list.
    """
    if trainable_variables is not None and not isinstance(trainable_variables, (list, tuple)):
        raise ValueError(
            f"trainable_variables must be a list or a tuple; received {trainable_variables!r}."
        )
    given = trainable_variables or v1.get_collection(v1.GraphKeys.TRAINABLE_VARIABLES)
    # A Keras variable holds one of TensorFlow.
    found = [each if isinstance(each, tf.Variable) else each.value for each in given]
    if not found:
        raise ValueError("There is nothing to train: the graph has no trainable variable.")
    return found


def counted(updates: Sequence[Any]) -> Any:
    """An operation that runs the updates, then adds 1 to `global_step`."""
    step = v1.train.get_or_create_global_step()
    with tf.control_dependencies(updates):
        return v1.assign_add(step, 1).op
