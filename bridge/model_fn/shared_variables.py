"""The variables of a `model_fn`, which the graphs of its modes share by name."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
import tensorflow.compat.v1 as v1
from keras.src.backend.common import global_state

_KERAS_NAMES = "object_name_uids"
_Keys = v1.GraphKeys


class SharedVariables:
    """For each variable that a graph declares, by its name, the one that has its value.

    Names are those of graphs of TensorFlow 1, so that checkpoints of `tf.estimator` fit:
    `dense/kernel`, `dense/kernel/Adagrad`.

    Args:
        known: Variables that are there already, by name.

    Attributes:
        by_name: The variables.
        initial: The values that they begin with, as numpy arrays.
    """

    def __init__(self, known: dict[str, tf.Variable]) -> None:
        self.by_name = dict(known)
        self.initial = {name: variable.numpy() for name, variable in known.items()}

    def add(self, graph: tf.Graph) -> None:
        """Makes those that a graph declares and no other graph has, with their initial values.

        Raises:
            ValueError: One has another shape than in an earlier graph.
        """
        declared = declared_variables(graph)
        for name, variable in declared.items():
            if name in self.by_name:
                _check_same(name, variable, self.by_name[name])
        new = {name: v for name, v in declared.items() if name not in self.by_name}
        for name, value in _initial_values(graph, new).items():
            variable = new[name]
            self.initial[name] = value
            self.by_name[name] = tf.Variable(
                value,
                trainable=variable.trainable,
                name=name.rpartition("/")[2],
                dtype=variable.dtype,
                shape=variable.shape,
            )


@contextmanager
def declaring(graph: tf.Graph) -> Iterator[None]:
    """Within it, variables are declared in the graph; Keras numbers its layers from 0 on."""
    names = global_state.get_global_attribute(_KERAS_NAMES)
    known = getattr(graph, "_keras_names", None)
    global_state.set_global_attribute(_KERAS_NAMES, known)
    enabled = v1.control_flow_v2_enabled()
    v1.enable_control_flow_v2()  # loops as functions have them; a program may have turned it off
    try:
        with graph.as_default(), tf.variable_creator_scope(_declared), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Cannot activate TF2 compatibility support")
            yield
    finally:
        graph._keras_names = global_state.get_global_attribute(_KERAS_NAMES)
        global_state.set_global_attribute(_KERAS_NAMES, names)
        if not enabled:
            v1.disable_control_flow_v2()


def declared_variables(graph: tf.Graph, *kinds: str) -> dict[str, Any]:
    """The variables in these collections of a graph, by name; without any, in all."""
    kinds = kinds or (_Keys.GLOBAL_VARIABLES, _Keys.LOCAL_VARIABLES)
    found = [v for kind in kinds for v in graph.get_collection(kind)]
    return {v.op.name: v for v in found}


def _declared(next_creator: Any, **arguments: Any) -> Any:
    """A variable with a handle, as everything here needs it; of a Keras metric, a local one."""
    variable = next_creator(**{**arguments, "use_resource": True})
    if _is_of_keras_metric():
        listed = v1.get_collection_ref(_Keys.GLOBAL_VARIABLES)
        listed[:] = [other for other in listed if other is not variable]
        v1.add_to_collections([_Keys.LOCAL_VARIABLES, _Keys.METRIC_VARIABLES], variable)
    return variable


def _is_of_keras_metric() -> bool:
    """Whether a Keras metric makes the variable just now: then it is nothing of the model's."""
    frame: Any = sys._getframe()
    while (frame := frame.f_back) is not None:
        if isinstance(frame.f_locals.get("self"), keras.Metric):
            return True
    return False


def _initial_values(graph: tf.Graph, variables: dict[str, Any]) -> dict[str, Any]:
    if not variables:
        return {}
    with graph.as_default(), v1.Session(graph=graph, config=_on_cpu()) as session:
        initializers = [variable.initializer for variable in variables.values()]
        try:
            session.run(initializers)
        except tf.errors.FailedPreconditionError:  # the first value of one is that of another
            for initializer in initializers:
                session.run(initializer)
        values: dict[str, Any] = session.run({n: v.read_value() for n, v in variables.items()})
        return values


def _on_cpu() -> Any:
    return v1.ConfigProto(device_count={"GPU": 0})


def _check_same(name: str, declared: Any, variable: tf.Variable) -> None:
    if not declared.shape.is_compatible_with(variable.shape):
        raise ValueError(
            f"The model_fn asks for the variable {name!r} in the shape {declared.shape}; in "
            f"another mode, or for other features, it had the shape {variable.shape}."
        )
