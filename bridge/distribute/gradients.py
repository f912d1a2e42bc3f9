"""Gradients are put together before an optimizer sees them: it clips, accumulates and averages
what one device would have given it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def reduced_gradients(
    optimizers: Iterable[Any], combined: Callable[[list[Any]], list[Any]], inner: Callable[[], Any]
) -> Iterator[None]:
    """Within it these Keras optimizers apply the gradients of all replicas.

    Args:
        optimizers: The outermost ones, as a step calls them.
        combined: Gives the gradients of all, by those of the replica that asks.
        inner: A context for the update itself, which is the same on all replicas.
    """
    found = list(optimizers)
    for one in found:
        vars(one)["apply"] = _applying(one, combined, inner)
    try:
        yield
    finally:
        for one in found:
            del vars(one)["apply"]


def _applying(
    optimizer: Any, combined: Callable[[list[Any]], list[Any]], inner: Callable[[], Any]
) -> Any:
    apply = optimizer.apply

    def reduced(grads: Iterable[Any], trainable_variables: Any = None) -> Any:
        gradients = combined(list(grads))
        with inner():
            return apply(gradients, trainable_variables)

    return reduced
