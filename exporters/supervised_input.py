"""What a training or evaluation graph receives: features and labels; see `serving_input.py`."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import tensorflow as tf

from kerasrun.exporters.receiver_fns import batched_spec, placeholder
from kerasrun.exporters.serving_input import SINGLE_RECEIVER, check_feature, named_receivers

SINGLE_LABEL = "label"


class _SupervisedFields(NamedTuple):
    features: Any
    labels: Any
    receiver_tensors: dict[str, Any]


class SupervisedInputReceiver(_SupervisedFields):
    """Features, labels, and what they are computed from; see `tf.estimator.export`.

    Args:
        features: A tensor, or a dict of name to `Tensor`, `SparseTensor` or `RaggedTensor`.
        labels: Likewise.
        receiver_tensors: Dict of name to the placeholder that is fed; a bare one is called `input`.

    Raises:
        ValueError: Something is missing, a name is no string, a value is no tensor.
    """

    __slots__ = ()

    def __new__(cls, features: Any, labels: Any, receiver_tensors: Any) -> Self:
        """Checks the fields and makes the tuple."""
        for what, values in (("features", features), ("labels", labels)):
            if values is None or (isinstance(values, Mapping) and not values):
                raise ValueError(f"A supervised input receiver needs {what}; received {values!r}.")
            for name, value in _named(what.removesuffix("s"), values).items():
                check_feature(name, value)
        return super().__new__(cls, features, labels, named_receivers(receiver_tensors))


def build_raw_supervised_input_receiver_fn(
    features: Any, labels: Any, default_batch_size: int | None = None
) -> Callable[[], SupervisedInputReceiver]:
    """Returns a receiver function that is fed the features and labels themselves.

    See `tf.estimator.experimental.build_raw_supervised_input_receiver_fn`.

    Args:
        features: Dict of name to anything with a shape `[batch, ...]` and a dtype, of which only
            these are used; a bare one is fed as `input`.
        labels: Likewise; a bare one is fed as `label`.
        default_batch_size: The batch size to be fed; None: any.

    Raises:
        TypeError: One is sparse, ragged, or has no shape and dtype.
        ValueError: A label has the name of a feature, or one has no batch dimension.
    """
    specs = [
        {n: batched_spec(n, v, default_batch_size) for n, v in _named(single, values).items()}
        for single, values in ((SINGLE_RECEIVER, features), (SINGLE_LABEL, labels))
    ]
    if shared := sorted(set(specs[0]) & set(specs[1])):
        raise ValueError(
            f"Features and labels need names of their own; both have {shared}. Rename the label."
        )

    def supervised_input_receiver_fn() -> SupervisedInputReceiver:
        fed = [{name: placeholder(name, spec) for name, spec in each.items()} for each in specs]
        receiver_features, receiver_labels = (
            each if isinstance(given, Mapping) else next(iter(each.values()))
            for given, each in zip((features, labels), fed, strict=True)
        )
        return SupervisedInputReceiver(receiver_features, receiver_labels, {**fed[0], **fed[1]})

    return supervised_input_receiver_fn


def build_supervised_input_receiver_fn_from_input_fn(
    input_fn: Callable[..., Any], **input_fn_args: Any
) -> Callable[[], SupervisedInputReceiver]:
    """Returns a receiver function that is fed what `input_fn` gives, with any batch size.

    Args:
        input_fn: Returns a `tf.data.Dataset` of `(features, labels)`, or such a pair of tensors.
            It is called once, in a graph of its own; only shapes and dtypes are used.
        **input_fn_args: Handed to it.

    Raises:
        ValueError: It gives no pair.
    """
    with tf.Graph().as_default():
        given = input_fn(**input_fn_args)
        pair = given.element_spec if isinstance(given, tf.data.Dataset) else given
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"input_fn must give a pair (features, labels); it gave {pair!r}.")
    return build_raw_supervised_input_receiver_fn(*pair)


def _named(single: str, values: Any) -> dict[str, Any]:
    return dict(values) if isinstance(values, Mapping) else {single: values}
