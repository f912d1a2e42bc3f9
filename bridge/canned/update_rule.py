"""How an optimizer is run in a graph of TensorFlow 1: gradients, state, updates."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import keras
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.eager import eagerly

Slots = dict[str, Any]

_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
# What a Keras optimizer may ask for and a rule does not do, and what it is when not asked for.
_NOT_DONE = {
    "weight_decay": (None, 0.0),
    "use_ema": (False,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None, 1),
    "amsgrad": (False,),
}


class UpdateRule(abc.ABC):
    """Base of the rules; an instance takes a loss and variables and returns the update.

    Its state is in variables `training/<rule>/<variable>/<slot>`, as Keras called it.

    Args:
        learning_rate: Step size; a float, a `LearningRateSchedule`, or a function that returns it.
        **others: The hyperparameters in `uses`, and `clipnorm`, `clipvalue`, `global_clipnorm`.

    Attributes:
        name: What Keras calls it.
        uses: Its hyperparameters with their defaults; they are attributes, too.
        slots: Its state for each variable, with what that begins with.
        step: `global_step` before the update.
    """

    name: ClassVar[str]
    uses: ClassVar[dict[str, Any]] = {}
    slots: dict[str, float]
    step: tf.Tensor

    def __init__(self, learning_rate: Any, **others: Any) -> None:
        self._learning_rate = learning_rate
        self._clips = {key: others.pop(key, None) for key in _CLIPS}
        self._given = self.uses | others

    def __getattr__(self, name: str) -> Any:
        """A hyperparameter."""
        given = self.__dict__.get("_given", {})
        if name not in given:
            raise AttributeError(name)
        return given[name]

    @classmethod
    def like(cls, optimizer: keras.optimizers.Optimizer) -> Self:
        """One with the hyperparameters of a Keras optimizer.

        Raises:
            ValueError: The optimizer asks for what rules do not do.
        """
        for key, unasked in _NOT_DONE.items():
            asked = getattr(optimizer, key, None)
            if asked not in (None, *unasked):
                raise ValueError(
                    f"optimizer: {key}={asked!r} of keras.optimizers.{cls.name} is not supported "
                    "in a pre-made Estimator or a head."
                )
        rate = optimizer._learning_rate
        if not callable(rate):
            rate = _number(rate._value)
        taken = {key: getattr(optimizer, key) for key in (*cls.uses, *_CLIPS)}
        return cls(rate, **taken)

    def __call__(self, loss: tf.Tensor, variables: Sequence[Any]) -> Any:
        """The operation that updates the variables once.

        Raises:
            ValueError: The loss depends on none of them.
        """
        found = zip(variables, tf.gradients(loss, list(variables)), strict=True)
        pairs = [(var, grad) for var, grad in found if grad is not None]
        if not pairs:
            raise ValueError(
                f"The loss depends on none of the variables {[v.name for v in variables]}."
            )
        trained = [var for var, _ in pairs]
        gradients = self._clipped([grad for _, grad in pairs])
        self.step = tf.identity(v1.train.get_or_create_global_step())
        scope = _unique(self.name)
        updates = [self._update(scope, *pair) for pair in zip(trained, gradients, strict=True)]
        return tf.group(*updates)

    def rate(self) -> tf.Tensor:
        """The step size at this step, float32."""
        given = self._learning_rate
        if isinstance(given, keras.optimizers.schedules.LearningRateSchedule):
            given = given(self.step)
        elif callable(given):
            given = given()
        return tf.cast(given, tf.float32)

    @abc.abstractmethod
    def dense(self, var: Any, grad: tf.Tensor, slots: Slots) -> Any:
        """One update of all of a variable.

        Args:
            var: The variable.
            grad: Its gradient, of the same shape.
            slots: Its state, by slot name.
        """

    @abc.abstractmethod
    def sparse(self, var: Any, grad: tf.Tensor, rows: tf.Tensor, slots: Slots) -> Any:
        """One update from the gradient of some rows.

        Args:
            var: The variable.
            grad: The gradients of these rows.
            rows: Which rows, none twice.
            slots: Its state, by slot name.
        """

    def _update(self, scope: str, var: Any, grad: Any) -> Any:
        name = var.name.removesuffix(":0")
        slots = {
            slot: v1.get_variable(
                f"{scope}/{name}/{slot}",
                shape=var.shape,
                dtype=var.dtype,
                initializer=v1.constant_initializer(start),
                trainable=False,
                use_resource=True,
            )
            for slot, start in self.slots.items()
        }
        if not isinstance(grad, tf.IndexedSlices):
            return self.dense(var, grad, slots)
        rows, place = tf.unique(grad.indices)
        summed = tf.math.unsorted_segment_sum(grad.values, place, tf.size(rows))
        return self.sparse(var, summed, rows, slots)

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        norm, value, whole = (self._clips[key] for key in _CLIPS)
        if norm is not None:
            return [_of_values(g, lambda t: tf.clip_by_norm(t, norm)) for g in gradients]
        if whole is not None:
            return list(tf.clip_by_global_norm(gradients, whole)[0])
        if value is not None:
            return [_of_values(g, lambda t: tf.clip_by_value(t, -value, value)) for g in gradients]
        return gradients


def _of_values(grad: Any, change: Any) -> Any:
    if isinstance(grad, tf.IndexedSlices):
        return tf.IndexedSlices(change(grad.values), grad.indices, grad.dense_shape)
    return change(grad)


def _number(variable: tf.Variable) -> float:
    """The value of a variable; of one in a graph, the value that it begins with."""
    if not variable._in_graph_mode:
        return float(eagerly(variable.numpy)())
    return float(tf.get_static_value(variable.initial_value))


def _unique(name: str) -> str:
    """`training/Adam`, and for a second one in the graph `training/Adam_1`."""
    return str(v1.get_default_graph().unique_name(name))
