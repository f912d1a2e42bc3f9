"""Names of `tf.compat.v1.layers.experimental`, which change nothing here."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keras_style_scope() -> Iterator[None]:
    """Does nothing: variables keep to their variable scope, and `reuse` is allowed, within it."""
    yield


def set_keras_style() -> None:
    """Does nothing; see `keras_style_scope`."""
