"""What an `optimizer` argument means: a name, an optimizer, or a function that makes one."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.canned.keras_rules import RULES, rule_of
from kerasrun.bridge.canned.update_rule import UpdateRule
from kerasrun.bridge.suggest import did_you_mean

# Takes the loss and the variables; returns the operation that updates them.
Updater = Callable[[tf.Tensor, Sequence[Any]], Any]

_OF_V1 = {
    "Adagrad": v1.train.AdagradOptimizer,
    "Adam": v1.train.AdamOptimizer,
    "Ftrl": v1.train.FtrlOptimizer,
    "RMSProp": v1.train.RMSPropOptimizer,
    "SGD": v1.train.GradientDescentOptimizer,
}


def checked_optimizer(given: Any) -> Any:
    """The optimizer as `updater_of` takes it; a Keras optimizer as it is now.

    Args:
        given: See `updater_of`.

    Raises:
        ValueError: There is no such name, or it is no optimizer.
    """
    if isinstance(given, str) and given not in _OF_V1:
        raise ValueError(
            f"There is no optimizer {given!r}; there are {list(_OF_V1)}."
            f"{did_you_mean(given, _OF_V1)}"
        )
    if isinstance(given, keras.optimizers.Optimizer):
        return rule_of(given)
    if isinstance(given, v1.train.SyncReplicasOptimizer):
        raise ValueError("optimizer: SyncReplicasOptimizer is not supported.")
    if not (isinstance(given, (str, v1.train.Optimizer)) or callable(given)):
        raise ValueError(
            f"optimizer must be one of {list(_OF_V1)}, a tf.compat.v1.train.Optimizer, a "
            f"keras.optimizers.Optimizer, or a function that returns one; received {given!r}."
        )
    return given


def updater_of(given: Any, learning_rate: float | None = None, *, of_v1: bool = False) -> Updater:
    """Returns what updates variables as the optimizer does.

    Args:
        given: `Adagrad`, `Adam`, `Ftrl`, `RMSProp` or `SGD`; an optimizer, either a
            `tf.compat.v1.train.Optimizer` or a `keras.optimizers.Optimizer` of these five kinds; or
            a function without arguments that returns one.
        learning_rate: That of an optimizer given by name. None: its own.
        of_v1: Whether a name is that of a `tf.compat.v1.train` optimizer; else it is Keras's, with
            the arithmetic that Keras had in `tf.estimator`.

    Raises:
        ValueError: There is no such name, or it is no optimizer.
    """
    checked = checked_optimizer(given)
    if not isinstance(checked, (str, v1.train.Optimizer, UpdateRule)):
        checked = checked_optimizer(_made_by(checked))
    if isinstance(checked, UpdateRule):
        return checked
    if isinstance(checked, v1.train.Optimizer):
        return _minimizing(checked)
    if not isinstance(checked, str):
        raise ValueError(
            f"optimizer: the function must return an optimizer; it returned {checked!r}."
        )
    if of_v1:
        return _minimizing(_OF_V1[checked](learning_rate))
    rule: type[Any] = RULES[checked.lower()]
    made: UpdateRule = rule() if learning_rate is None else rule(learning_rate)
    return made


def _made_by(function: Callable[[], Any]) -> Any:
    """What the function returns; a Keras optimizer's own variables are not the model's."""
    graph = v1.get_default_graph()
    before = {key: list(graph.get_collection(key)) for key in graph.get_all_collection_keys()}
    made = function()
    if isinstance(made, keras.optimizers.Optimizer):
        made = rule_of(made)
        for key in (v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.TRAINABLE_VARIABLES):
            graph.get_collection_ref(key)[:] = before.get(key, [])
    return made


def _minimizing(optimizer: v1.train.Optimizer) -> Updater:
    def update(loss: tf.Tensor, variables: Sequence[Any]) -> Any:
        return optimizer.minimize(loss, var_list=list(variables))

    return update
