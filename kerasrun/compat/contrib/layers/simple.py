"""Layers without variables of their own, and layers of layers."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.compat.contrib.framework.arguments import add_arg_scope
from kerasrun.compat.contrib.layers.variables import finished, known_dimension


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: str | None = None,
    seed: int | None = None,
) -> tf.Tensor:
    """While training, keeps each value with a probability, scaled up, and makes the others 0.

    Args:
        inputs: Of any shape.
        keep_prob: The probability.
        noise_shape: Shape of what is decided by chance, broadcast to the inputs.
        is_training: A truth value, or a tensor of one.
        outputs_collections: Where the outputs are noted.
        scope: Of the operations.
        seed: Of chance.
    """
    with v1.name_scope(scope, "Dropout", [inputs]):
        inputs = tf.convert_to_tensor(inputs)

        def dropped() -> tf.Tensor:
            return v1.nn.dropout(inputs, noise_shape=noise_shape, seed=seed, rate=1 - keep_prob)

        outputs = chosen(is_training, dropped, lambda: tf.identity(inputs))
        return finished(outputs, collections=outputs_collections)


def chosen(condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """What either function returns; where the condition is known, only that one is called."""
    known = tf.get_static_value(condition) if tf.is_tensor(condition) else condition
    if known is None:
        return v1.cond(condition, then, otherwise)
    return then() if known else otherwise()


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: str | None = None) -> tf.Tensor:
    """Makes `[batch, size]` of `[batch, ...]`.

    Args:
        inputs: Of two axes at least, or one.
        outputs_collections: Where the outputs are noted.
        scope: Of the operations.

    Raises:
        ValueError: They have no axis, or it is not known how many.
    """
    with v1.name_scope(scope, "Flatten", [inputs]):
        inputs = tf.convert_to_tensor(inputs)
        if not inputs.shape.rank:
            raise ValueError(f"flatten needs inputs [batch, ...]; their shape is {inputs.shape}.")
        size = inputs.shape[1:].num_elements()
        outputs = tf.reshape(inputs, [tf.shape(inputs)[0], -1 if size is None else size])
        outputs.set_shape([inputs.shape[0], size])
        return finished(outputs, collections=outputs_collections)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int | None = None,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: str | None = None,
) -> tf.Tensor:
    """Makes `[batch, num_classes]` of labels `[batch]`; see `tf.one_hot`.

    Args:
        labels: Whole numbers.
        num_classes: How many there are.
        on_value: At the label's place.
        off_value: Elsewhere.
        outputs_collections: Where the outputs are noted.
        scope: Of the operations.
    """
    with v1.name_scope(scope, "OneHotEncoding", [labels, num_classes]):
        labels = tf.convert_to_tensor(labels)
        if labels.dtype == tf.int32:
            labels = tf.cast(labels, tf.int64)
        outputs = tf.one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return finished(outputs, collections=outputs_collections)


@add_arg_scope
def softmax(logits: Any, scope: str | None = None) -> tf.Tensor:
    """The softmax over the last axis."""
    with v1.name_scope(scope, "softmax", [logits]):
        return tf.nn.softmax(logits)


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: str | None = None) -> tf.Tensor:
    """Divides by the Euclidean norm along an axis.

    Args:
        inputs: Of any shape.
        dim: The axis.
        epsilon: Added to the square of the norm.
        scope: Of the operations.
    """
    with v1.name_scope(scope, "UnitNorm", [inputs]):
        inputs = tf.convert_to_tensor(inputs)
        known_dimension(inputs, dim, "unit_norm")
        return inputs / tf.sqrt(epsilon + tf.reduce_sum(tf.square(inputs), dim, keepdims=True))


def stack(inputs: Any, layer: Any, stack_args: Sequence[Any], **kwargs: Any) -> Any:
    """Applies a layer again and again, with other arguments each time.

    Args:
        inputs: Of the first.
        layer: The function, such as `fully_connected`.
        stack_args: For each time the argument, or a list of arguments, after the inputs.
        **kwargs: Further arguments; `scope` and `reuse` of all of them together, too.
    """
    scope, reuse = kwargs.pop("scope", None), kwargs.pop("reuse", None)
    with v1.variable_scope(scope, "Stack", [inputs], reuse=reuse):
        name = scope or _name(layer)
        for number, given in enumerate(stack_args, 1):
            arguments = given if isinstance(given, (list, tuple)) else [given]
            inputs = layer(inputs, *arguments, scope=f"{name}_{number}", **kwargs)
        return inputs


def repeat(inputs: Any, repetitions: int, layer: Any, *args: Any, **kwargs: Any) -> Any:
    """Applies a layer again and again.

    Args:
        inputs: Of the first.
        repetitions: How often.
        layer: The function, such as `conv2d`.
        *args: Its arguments after the inputs.
        **kwargs: Further arguments; `scope` and `reuse` of all of them together, too.
    """
    scope, reuse = kwargs.pop("scope", None), kwargs.pop("reuse", None)
    with v1.variable_scope(scope, "Repeat", [inputs], reuse=reuse):
        name = scope or _name(layer)
        for number in range(1, repetitions + 1):
            inputs = layer(inputs, *args, scope=f"{name}_{number}", **kwargs)
        return inputs


def _name(layer: Any) -> str:
    function = layer.func if isinstance(layer, functools.partial) else layer
    return getattr(function, "__name__", "layer")
