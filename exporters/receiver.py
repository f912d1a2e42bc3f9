"""A `serving_input_receiver_fn`, traced once: what is fed, and the features made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
        feature_specs: In the structure of the features, the shape and dtype of each.
        resources: The lookup tables that the way needs.
        variables: The variables that it needs.
        alternatives: Other things that can be fed, by name.
        labelled: Whether `features` gives pairs `(features, labels)`: the receiver has labels.
    """

    specs: dict[str, tf.TensorSpec]
    feature_specs: Any
    resources: tuple[Any, ...]
    variables: tuple[Any, ...]
    _function: Callable[..., Any]
    alternatives: dict[str, "TracedReceiver"] = field(default_factory=dict)
    labelled: bool = False

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
            # The cut-out graph has forgotten what the original knew.
            tf.nest.map_structure(_set_shape, features, self.feature_specs)
        return features

    def renamed(self, names: Mapping[str, str]) -> "TracedReceiver":
        """Returns the same way, fed under other names; without the alternatives.

        Args:
            names: The present name to the new one; a name that is not among them stays.
        """
        specs = {names.get(name, name): spec for name, spec in self.specs.items()}
        return replace(self, specs=specs, alternatives={})


def trace_receiver(serving_input_receiver_fn: Callable[[], Any]) -> TracedReceiver:
    """Runs the function once in a graph of its own and keeps what it made.

    Args:
        serving_input_receiver_fn: Takes nothing; returns a `ServingInputReceiver`, a
            `TensorServingInputReceiver`, a `SupervisedInputReceiver`, or anything with their
            attributes.

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
    features, receivers, alternatives, labelled = made[0]
    tables = trackable_tables(wrapped, log.resources, serving_input_receiver_fn)
    variables = tuple(wrapped.graph.variables)
    traced = _cut(wrapped, features, receivers, tables, variables, alternatives or {})
    return replace(traced, labelled=labelled)


def _normalised(
    receiver: Any,
) -> tuple[Any, dict[str, Any], dict[str, dict[str, Any]] | None, bool]:
    if not (hasattr(receiver, "features") and hasattr(receiver, "receiver_tensors")):
        raise TypeError(
            "serving_input_receiver_fn must return a ServingInputReceiver or a "
            f"TensorServingInputReceiver; it returned {receiver!r}."
        )
    # tf.identity brings eager constants into the graph and tells a feature from its placeholder.
    labelled = hasattr(receiver, "labels")
    wanted = (receiver.features, receiver.labels) if labelled else receiver.features
    features = tf.nest.map_structure(tf.identity, wanted, expand_composites=True)
    alternatives = named_alternatives(getattr(receiver, "receiver_tensors_alternatives", None))
    return features, named_receivers(receiver.receiver_tensors), alternatives, labelled


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
        feature_specs=tf.nest.map_structure(_spec, features),
        resources=tuple(tables),
        variables=variables,
        _function=function,
        alternatives={
            name: _cut(wrapped, features, other, tables, variables, {})
            for name, other in alternatives.items()
        },
    )


def _spec(feature: Any) -> tf.TypeSpec:
    if isinstance(feature, tf.Tensor):
        return tf.TensorSpec(feature.shape, feature.dtype)
    return tf.type_spec_from_value(feature)


def _set_shape(feature: Any, spec: tf.TypeSpec) -> None:
    if isinstance(feature, tf.Tensor):
        feature.set_shape(spec.shape)
    elif isinstance(feature, tf.SparseTensor):
        feature.indices.set_shape([None, spec.shape.rank])
        feature.dense_shape.set_shape([spec.shape.rank])


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
