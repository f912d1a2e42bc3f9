"""What a served model receives: the receiver tensors, and the features made of them.

A `serving_input_receiver_fn` is graph code. It makes placeholders, works on them, and returns a
`ServingInputReceiver` that names the placeholders and the features:

    def serving_input_receiver_fn():
        row = tf.compat.v1.placeholder(tf.string, [None], name="csv_row")
        columns = tf.io.decode_csv(row, record_defaults=[[0.0]] * 4)
        features = {"iris_input": tf.stack(columns, axis=1)}
        return ServingInputReceiver(features, {"csv_row": row})

`receiver_fns.py` builds the two usual ones.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import tensorflow as tf

SINGLE_FEATURE = "feature"
SINGLE_RECEIVER = "input"


class _ReceiverFields(NamedTuple):
    features: Any
    receiver_tensors: dict[str, Any]
    receiver_tensors_alternatives: dict[str, dict[str, Any]] | None


class ServingInputReceiver(_ReceiverFields):
    """Features by name and what they are computed from; see `tf.estimator.export`.

    Args:
        features: Dict of name to `Tensor`, `SparseTensor` or `RaggedTensor`; a bare one is called
            `feature`.
        receiver_tensors: Dict of name to the placeholder that is fed; a bare one is called `input`.
            The names are the inputs of the written signature.
        receiver_tensors_alternatives: Other things to feed, by name: dicts as `receiver_tensors`.
            Each becomes a signature `<name>:<signature>`.

    Raises:
        ValueError: Something is missing, a name is no string, a value is no tensor.
    """

    __slots__ = ()

    def __new__(
        cls,
        features: Any,
        receiver_tensors: Any,
        receiver_tensors_alternatives: Mapping[str, Any] | None = None,
    ) -> Self:
        """Checks the fields and makes the tuple."""
        _check_given("features", features)
        named = dict(features) if isinstance(features, Mapping) else {SINGLE_FEATURE: features}
        for name, feature in named.items():
            check_feature(name, feature)
        return super().__new__(
            cls,
            named,
            named_receivers(receiver_tensors),
            named_alternatives(receiver_tensors_alternatives),
        )


class TensorServingInputReceiver(_ReceiverFields):
    """One bare tensor as features, for a model that takes no dict; see `tf.estimator.export`.

    Args:
        features: One `Tensor`, `SparseTensor` or `RaggedTensor`.
        receiver_tensors: As for `ServingInputReceiver`.
        receiver_tensors_alternatives: As for `ServingInputReceiver`.

    Raises:
        ValueError: Something is missing, `features` is a dict, a value is no tensor.
    """

    __slots__ = ()

    def __new__(
        cls,
        features: Any,
        receiver_tensors: Any,
        receiver_tensors_alternatives: Mapping[str, Any] | None = None,
    ) -> Self:
        """Checks the fields and makes the tuple."""
        _check_given("features", features)
        if isinstance(features, Mapping):
            raise ValueError(
                "TensorServingInputReceiver: features must be one tensor; received a dict with "
                f"{sorted(map(str, features))}. For a dict use ServingInputReceiver."
            )
        check_feature(SINGLE_FEATURE, features)
        return super().__new__(
            cls,
            features,
            named_receivers(receiver_tensors),
            named_alternatives(receiver_tensors_alternatives),
        )


def named_receivers(receiver_tensors: Any) -> dict[str, Any]:
    """Returns receiver tensors as a dict by name; a bare tensor is called `input`.

    Raises:
        ValueError: There is none, a name is no string, a value is no tensor.
    """
    _check_given("receiver_tensors", receiver_tensors)
    if not isinstance(receiver_tensors, Mapping):
        receiver_tensors = {SINGLE_RECEIVER: receiver_tensors}
    for name, tensor in receiver_tensors.items():
        if not isinstance(name, str):
            raise ValueError(f"The names of receiver_tensors must be strings; found {name!r}.")
        if not isinstance(tensor, tf.Tensor):
            raise ValueError(
                f"receiver_tensors[{name!r}] must be a Tensor, as tf.compat.v1.placeholder makes "
                f"it; found {tensor!r}."
            )
    return dict(receiver_tensors)


def named_alternatives(alternatives: Any) -> dict[str, dict[str, Any]] | None:
    """Returns the alternatives, each a dict of receiver tensors by name; None if there are none.

    Raises:
        ValueError: They are no dict, or one of them is not what `named_receivers` takes.
    """
    if alternatives is None:
        return None
    if not isinstance(alternatives, Mapping):
        raise ValueError(
            "receiver_tensors_alternatives must be a dict of name to receiver tensors; received "
            f"{alternatives!r}."
        )
    return {name: named_receivers(receivers) for name, receivers in alternatives.items()}


def _check_given(field: str, value: Any) -> None:
    if value is None or (isinstance(value, Mapping) and not value):
        raise ValueError(f"A serving input receiver needs {field}; received {value!r}.")


def check_feature(name: Any, feature: Any) -> None:
    """Raises a ValueError where a feature's name is no name, or its value is no tensor."""
    if not isinstance(name, (str, int, tuple)):
        raise ValueError(f"The names of features must be strings; found {name!r}.")
    if not isinstance(feature, (tf.Tensor, tf.SparseTensor, tf.RaggedTensor)):
        raise ValueError(
            f"The feature {name!r} must be a Tensor, SparseTensor or RaggedTensor; found "
            f"{feature!r}."
        )
