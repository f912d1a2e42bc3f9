"""Gradients are put together before an optimizer sees them: it clips, accumulates and averages
what one device would have given it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kerasrun.bridge.distribute.part import Part


@contextmanager
def reduced_gradients(
    optimizers: Iterable[Any], part: Callable[[], Part], inner: Callable[[], Any], *, summed: bool
) -> Iterator[None]:
    """Within it these Keras optimizers apply the gradients of all replicas.

    Args:
        optimizers: The outermost ones, as a step calls them.
        part: Tells the part of the replica that asks.
        inner: A context for the update itself, which is the same on all replicas.
        summed: Whether the gradients are to be added up; else their mean is taken, by rows.
    """
    found = list(optimizers)
    for one in found:
        vars(one)["apply"] = _applying(one, part, inner, summed)
    try:
        yield
    finally:
        for one in found:
            del vars(one)["apply"]


def _applying(
    optimizer: Any, part: Callable[[], Part], inner: Callable[[], Any], summed: bool
) -> Any:
    apply = optimizer.apply

    def reduced(grads: Iterable[Any], trainable_variables: Any = None) -> Any:
        combine = part().sum if summed else part().mean
        gradients = combine(list(grads))
        with inner():
            return apply(gradients, trainable_variables)

    return reduced
