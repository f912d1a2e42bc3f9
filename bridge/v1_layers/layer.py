"""The base of the layers of TensorFlow 1: variables by scope and name, losses, updates."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.v1_layers.arguments import initializer_of
from kerasrun.bridge.v1_layers.unique_names import unique_name

_Keys = v1.GraphKeys


class Layer:
    """A function of tensors with variables of its own; see `tf.compat.v1.layers.Layer`.

    The first call opens a variable scope, named after the layer, and makes the variables in it by
    `tf.compat.v1.get_variable`; each further call uses the same. A subclass makes them in `build`
    and computes in `call`.

    Args:
        trainable: Whether optimizers find the variables.
        name: Of the variable scope; without it, that of the class, with a number from the second
            on (`dense`, `dense_1`).
        dtype: Of the variables; None for that of the first input.
        activity_regularizer: Takes the output and returns a loss, which is divided by the number
            of examples.

    Attributes:
        trainable: As given.
        built: Whether the variables have been made.
        name: Of the layer.
        losses: Of regularizers, as tensors; they are in `REGULARIZATION_LOSSES` as well.
        takes_one_tensor: Of the class: whether its input is one dense tensor, and nothing else.
    """

    takes_one_tensor = False

    def __init__(
        self,
        trainable: bool = True,
        name: Any = None,
        dtype: Any = None,
        activity_regularizer: Callable[[Any], Any] | None = None,
        _scope: Any = None,
        _reuse: bool | None = None,
    ) -> None:
        self.trainable = trainable
        self.built = False
        self.activity_regularizer = activity_regularizer
        self.losses: list[Any] = []
        self._dtype = None if dtype is None else tf.as_dtype(dtype)
        self._variables: list[tuple[Any, bool]] = []
        self._updates: list[Any] = []
        self._reuse = _reuse
        kind = _snake_case(type(self).__name__)
        named = not isinstance(name, v1.VariableScope)
        self._base_name = (name or kind) if named else name.name
        self.name = name if named and name else unique_name(kind)
        self._scope: Any = None
        if _scope:
            with v1.variable_scope(_scope) as scope:
                self._scope = scope

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes the variables, by `add_weight`; called before the first `call`."""
        self.built = True

    def call(self, inputs: Any, *arguments: Any, **named: Any) -> Any:
        """Computes the outputs."""
        return inputs

    def apply(self, inputs: Any, *arguments: Any, **named: Any) -> Any:
        """The same as to call the layer."""
        return self(inputs, *arguments, **named)

    def __call__(self, inputs: Any, *arguments: Any, scope: Any = None, **named: Any) -> Any:
        """Returns the outputs; the variables are made at the first call.

        Args:
            inputs: A tensor, or a structure of some.
            *arguments: For `call`.
            scope: Name of the variable scope, at the first call, or the scope itself.
            **named: For `call`.
        """
        self._open_scope(scope)
        before = len(self._updates)
        with self._inside() as opened, tf.name_scope(opened.original_name_scope):
            inputs = self._as_tensors(inputs)
            if not self.built:
                self._build(inputs)
            if self._call_takes_scope:
                named["scope"] = opened
            outputs = self.call(inputs, *arguments, **named)
            self._regularize_activity(outputs)
        if self.trainable and not tf.executing_eagerly():
            for update in self._updates[before:]:
                v1.add_to_collection(_Keys.UPDATE_OPS, update)
        return outputs

    def add_weight(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Callable[[Any], Any] | None = None,
        trainable: bool = True,
        constraint: Callable[[Any], Any] | None = None,
        partitioner: Any = None,
        **variable: Any,
    ) -> Any:
        """Returns a variable of the layer's scope, made now or found there.

        Args:
            name: Within the scope.
            shape: Of its values.
            dtype: Of its values; None for the layer's.
            initializer: As `tf.compat.v1.get_variable` takes it, or one of Keras, or its name.
            regularizer: Takes the variable and returns a loss.
            trainable: Whether optimizers find it.
            constraint: Takes its values after an update and returns those that it shall have.
            partitioner: As `tf.compat.v1.get_variable` takes it.
            **variable: More arguments for `tf.compat.v1.get_variable`.

        Raises:
            ValueError: There is such a variable and it is not to be reused, or there is none and
                it is.
        """
        self._open_scope(None)
        there = {id(each) for each in v1.global_variables()}
        with self._inside() as scope:
            if not trainable:
                scope.set_partitioner(None)  # statistics are assigned as a whole
            made = v1.get_variable(
                name,
                list(shape),
                dtype=tf.as_dtype(dtype or self._dtype or tf.float32),
                initializer=initializer_of(initializer),
                trainable=trainable and self.trainable,
                constraint=constraint,
                partitioner=partitioner,
                **variable,
            )
            parts = list(made) if hasattr(made, "_variable_list") else [made]
            if regularizer is not None and id(parts[0]) not in there:
                with tf.name_scope(f"{scope.original_name_scope}{name}/Regularizer/"):
                    self.add_loss([regularizer(part) for part in parts])
        for part in parts:
            self._hold(part, trainable and self.trainable and getattr(part, "trainable", False))
        return made

    add_variable = add_weight

    def add_loss(self, losses: Any) -> None:
        """Adds a loss tensor, or several, to those of the regularizers; None is no loss."""
        several = losses if isinstance(losses, (list, tuple)) else [losses]
        new = [loss for loss in several if loss is not None]
        self.losses += new
        if not tf.executing_eagerly():
            for loss in new:
                v1.add_to_collection(_Keys.REGULARIZATION_LOSSES, loss)

    def add_update(self, updates: Any) -> None:
        """Adds an operation, or several, that a training step has to run; see `UPDATE_OPS`."""
        several = updates if isinstance(updates, (list, tuple)) else [updates]
        in_graph = not tf.executing_eagerly()
        self._updates += [getattr(each, "op", each) if in_graph else each for each in several]

    @property
    def dtype(self) -> Any:
        """Of the variables; None where it is that of an input still to come."""
        return self._dtype

    @property
    def scope_name(self) -> str:
        """Name of the variable scope.

        Raises:
            ValueError: It has none yet: the layer has not been called.
        """
        if self._scope is None:
            raise ValueError(f"The layer {self.name!r} has no scope before its first call.")
        return str(self._scope.name)

    @property
    def updates(self) -> list[Any]:
        """Operations that a training step has to run; none where the layer is not trainable."""
        return list(self._updates) if self.trainable else []

    @property
    def trainable_weights(self) -> list[Any]:
        """Variables that optimizers find."""
        return [each for each, trained in self._variables if trained and self.trainable]

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        trained = {id(each) for each in self.trainable_weights}
        return [each for each, _ in self._variables if id(each) not in trained]

    @property
    def weights(self) -> list[Any]:
        """All variables, the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """The same as `weights`."""
        return self.weights

    def count_params(self) -> int:
        """Number of values in all variables."""
        return sum(int(np.prod(each.shape.as_list())) for each in self.weights)

    def get_config(self) -> Mapping[str, Any]:
        """Name, dtype, and whether it is trainable."""
        dtype = None if self._dtype is None else self._dtype.name
        return {"name": self.name, "trainable": self.trainable, "dtype": dtype}

    def _open_scope(self, scope: Any) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            with v1.variable_scope(self._base_name if scope is None else scope) as opened:
                self._scope = opened
        else:
            with v1.variable_scope(scope, default_name=self._base_name) as opened:
                self._scope = opened

    @contextmanager
    def _inside(self) -> Iterator[Any]:
        """Within it variables are those of the layer's scope; once it is built, those there."""
        reuse = True if self.built else self._reuse
        with v1.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as opened:
            yield opened

    @property
    def _call_takes_scope(self) -> bool:
        return "scope" in inspect.signature(self.call).parameters

    def _as_tensors(self, inputs: Any) -> Any:
        if not self.takes_one_tensor:
            return tf.nest.map_structure(_as_tensor, inputs)
        if isinstance(inputs, (Mapping, tf.SparseTensor, tf.RaggedTensor)):
            kind = type(inputs).__name__
            keys = f" with the keys {list(inputs)}" if isinstance(inputs, Mapping) else ""
            raise TypeError(f"The layer {self.name!r} takes one dense tensor; got a {kind}{keys}.")
        return tf.convert_to_tensor(inputs)

    def _build(self, inputs: Any) -> None:
        leaves = [each for each in tf.nest.flatten(inputs) if hasattr(each, "dtype")]
        if self._dtype is None and leaves:
            self._dtype = tf.as_dtype(leaves[0].dtype).base_dtype
        shapes = tf.nest.map_structure(lambda each: getattr(each, "shape", None), inputs)
        self.build(shapes)
        self.built = True

    def _hold(self, variable: Any, trainable: bool) -> None:
        if not any(each is variable for each, _ in self._variables):
            self._variables.append((variable, trainable))

    def _regularize_activity(self, outputs: Any) -> None:
        if self.activity_regularizer is None:
            return
        with tf.name_scope("ActivityRegularizer"):
            for output in tf.nest.flatten(outputs):
                loss = self.activity_regularizer(output)
                self.add_loss(loss / tf.cast(tf.shape(output)[0], loss.dtype))


def _as_tensor(value: Any) -> Any:
    plain = isinstance(value, (np.ndarray, np.generic, float, int)) and not isinstance(value, bool)
    return tf.convert_to_tensor(value) if plain else value


def _snake_case(name: str) -> str:
    """`BasicLSTMCell` -> `basic_lstm_cell`; `Conv2DTranspose` -> `conv2d_transpose`."""
    lower = re.sub(r"(?<=.)(?=[A-Z][a-z0-9])|(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return f"private{lower}" if lower.startswith("_") else lower
