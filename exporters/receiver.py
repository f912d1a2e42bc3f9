"""A `serving_input_receiver_fn`, traced once: what is fed, and the features made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.op_selector import UnliftableError

from kerasrun.exporters.receiver_tables import ResourceLog, trackable_tables
from kerasrun.exporters.serving_input import named_alternatives, named_receivers


@dataclass(frozen=True)
class TracedReceiver:
    """The way from what is fed to the features, as a function that can be called and exported.

    Attributes:
        specs: For each receiver tensor, by the name it was given, its shape and dtype.
        resources: The lookup tables that the way needs.
        variables: The variables that it needs.
        alternatives: Other things that can be fed, by name.
    """

    specs: dict[str, tf.TensorSpec]
    resources: tuple[Any, ...]
    variables: tuple[Any, ...]
    _function: Callable[..., Any]
    _shapes: tuple[tf.TensorShape, ...]
    alternatives: dict[str, "TracedReceiver"] = field(default_factory=dict)

    def features(self, receiver_tensors: Mapping[str, Any]) -> Any:
        """Computes the features, in the structure that the receiver gave them.

        Args:
            receiver_tensors: A tensor or array for each name in `specs`.

        Returns:
            A dict by name, or a bare tensor; dense, sparse or ragged. Within a graph the tensors
            have the static shapes that the receiver's features had.

        Raises:
            KeyError: A name is missing.
        """
        missing = [name for name in self.specs if name not in receiver_tensors]
        if missing:
            raise KeyError(
                f"The receiver takes {sorted(self.specs)}; {missing} not among the given "
                f"{sorted(receiver_tensors)}."
            )
        fed = [
            tf.convert_to_tensor(receiver_tensors[name], spec.dtype)
            for name, spec in self.specs.items()
        ]
        features = self._function(*fed)
        if not tf.executing_eagerly():
            flat = tf.nest.flatten(features, expand_composites=True)
            for tensor, shape in zip(flat, self._shapes, strict=True):
                tensor.set_shape(shape)  # the cut-out graph has forgotten what the original knew
        return features


def trace_receiver(serving_input_receiver_fn: Callable[[], Any]) -> TracedReceiver:
    """Runs the function once in a graph of its own and keeps what it made.

    Args:
        serving_input_receiver_fn: Takes nothing; returns a `ServingInputReceiver`, a
            `TensorServingInputReceiver`, or anything with their attributes.

    Raises:
        TypeError: It returns something else.
        ValueError: A receiver tensor was not made within the function, two names share one tensor,
            or the features depend on a placeholder that is not among the receiver tensors.
    """
    made: list[Any] = []
    log = ResourceLog()

    def run() -> list[Any]:
        made.append(_normalised(serving_input_receiver_fn()))
        return []

    with log:
        wrapped = tf.compat.v1.wrap_function(run, [])
    features, receivers, alternatives = made[0]
    tables = trackable_tables(wrapped, log.resources, serving_input_receiver_fn)
    variables = tuple(wrapped.graph.variables)
    return _cut(wrapped, features, receivers, tables, variables, alternatives or {})


def _normalised(receiver: Any) -> tuple[Any, dict[str, Any], dict[str, dict[str, Any]] | None]:
    if not (hasattr(receiver, "features") and hasattr(receiver, "receiver_tensors")):
        raise TypeError(
            "serving_input_receiver_fn must return a ServingInputReceiver or a "
            f"TensorServingInputReceiver; it returned {receiver!r}."
        )
    # tf.identity brings eager constants into the graph and tells a feature from its placeholder.
    features = tf.nest.map_structure(tf.identity, receiver.features, expand_composites=True)
    alternatives = getattr(receiver, "receiver_tensors_alternatives", None)
    return features, named_receivers(receiver.receiver_tensors), named_alternatives(alternatives)


def _cut(
    wrapped: Any,
    features: Any,
    receivers: dict[str, Any],
    tables: Sequence[Any],
    variables: tuple[Any, ...],
    alternatives: dict[str, dict[str, Any]],
) -> TracedReceiver:
    _check_receivers(wrapped.graph, receivers)
    try:
        function = wrapped.prune(list(receivers.values()), features)
    except UnliftableError as error:
        raise ValueError(
            f"The features cannot be computed from the receiver tensors {sorted(receivers)}: "
            f"{error} Name each placeholder that the features depend on in receiver_tensors."
        ) from error
    return TracedReceiver(
        specs={n: tf.TensorSpec(t.shape, t.dtype, name=n) for n, t in receivers.items()},
        resources=tuple(tables),
        variables=variables,
        _function=function,
        _shapes=tuple(t.shape for t in tf.nest.flatten(features, expand_composites=True)),
        alternatives={
            name: _cut(wrapped, features, other, tables, variables, {})
            for name, other in alternatives.items()
        },
    )


def _check_receivers(graph: Any, receivers: dict[str, Any]) -> None:
    seen: dict[Any, str] = {}
    for name, tensor in receivers.items():
        if getattr(tensor, "graph", None) is not graph:
            raise ValueError(
                f"The receiver tensor {name!r} was not made by serving_input_receiver_fn: call "
                "tf.compat.v1.placeholder within the function."
            )
        other = seen.setdefault(tensor.ref(), name)
        if other != name:
            raise ValueError(
                f"The receiver tensors {other!r} and {name!r} are the same placeholder: give each "
                "name its own."
            )
