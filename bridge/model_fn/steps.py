"""What a step of training or evaluation computes, in the graph of a `model_fn`."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.model_fn.keras_updates import KerasUpdates
from kerasrun.bridge.model_fn.shared_variables import declared_variables
from kerasrun.bridge.model_fn.trace import Trace

_Keys = v1.GraphKeys


def train_tensors(trace: Trace) -> list[tf.Tensor]:
    """The loss, as it is known once the training operation has run.

    What Keras layers and optimizers change is changed with it.
    """
    return list(trace.derived("train", _train_tensors))


def eval_tensors(trace: Trace) -> list[tf.Tensor]:
    """The loss, as it is known once the metrics have been updated."""
    return list(trace.derived("eval", _eval_tensors)[0])


def metric_tensors(trace: Trace) -> dict[str, tf.Tensor]:
    """The values of the metrics."""
    return dict(trace.derived("eval", _eval_tensors)[1])


def _train_tensors(trace: Trace) -> list[tf.Tensor]:
    updates = _keras_updates(trace, of_metrics=False)
    operations = [_operation(trace.spec.train_op), *updates]
    if trace.shared is not None:
        return [trace.shared.together(operations, trace.spec.loss)]
    return [_after(operations, trace.spec.loss)]


def _eval_tensors(trace: Trace) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
    metrics = trace.spec.eval_metric_ops or {}
    updates = [_operation(m[1]) for m in metrics.values() if isinstance(m, tuple)]
    updates += _keras_updates(trace, of_metrics=True)
    # What is read from here on waits for nothing.
    values = {
        name: tf.convert_to_tensor(m[0] if isinstance(m, tuple) else m.result())
        for name, m in metrics.items()
    }
    return [_after(updates, trace.spec.loss)], values


def _keras_updates(trace: Trace, *, of_metrics: bool) -> list[Any]:
    """Metrics are for evaluations, and an evaluation changes nothing else."""
    every = declared_variables(trace.graph)
    local = declared_variables(trace.graph, _Keys.LOCAL_VARIABLES)
    wanted = [name for name in every if (name in local) == of_metrics]
    return KerasUpdates(trace.graph, every).of(wanted)


def _operation(given: Any) -> Any:
    """What has to run: `assign_add` answers with something that looks like a variable, too."""
    return given if isinstance(given, tf.Operation) else given.op


def _after(operations: list[Any], loss: tf.Tensor) -> tf.Tensor:
    with v1.control_dependencies(operations):
        return tf.identity(loss)
