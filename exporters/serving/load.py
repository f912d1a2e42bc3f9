"""Makes a `Servable` of the folder that a SavedModel was written to."""

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from kerasrun.exporters.serving.errors import ServingError, from_tensorflow
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.warm_up import warm_up


def load(path: str, name: str, version: int, tags: Sequence[str] = ("serve",)) -> Servable:
    """Loads a SavedModel and replays its warm-up requests.

    TensorFlow 1's files are read too.

    Args:
        path: Where `saved_model.pb` lies.
        name: The model's name.
        version: Its number.
        tags: Those of the graph within the file.

    Raises:
        ServingError: The folder holds no such graph, it cannot be loaded, or a warm-up request
            fails.
    """
    import tensorflow as tf

    session, signature_defs = _loaded(path, tags)
    servable = Servable(name, version, session, signature_defs)
    try:
        warm_up(servable, path)
    except tf.errors.OpError as error:
        servable.close()
        raise from_tensorflow(error) from None
    except BaseException:
        servable.close()
        raise
    return servable


def _loaded(path: str, tags: Sequence[str]) -> tuple[Any, Any]:
    import tensorflow as tf

    session = tf.compat.v1.Session(graph=tf.Graph())
    try:
        with session.graph.as_default(), _without_advice():
            meta_graph = tf.compat.v1.saved_model.load(session, list(tags), os.fspath(path))
    except BaseException as error:
        session.close()
        if isinstance(error, tf.errors.OpError):
            raise from_tensorflow(error) from None
        if isinstance(error, Exception):  # TensorFlow raises whatever it meets in a broken file
            raise ServingError("INVALID_ARGUMENT", f"Cannot load {path}: {error}") from error
        raise
    return session, meta_graph.signature_def


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Keeps back TensorFlow's advice to load in a way that answers a fourth as fast."""
    import tensorflow as tf

    def keep(record: logging.LogRecord) -> bool:
        return "is deprecated" not in str(record.msg)

    logger = tf.get_logger()
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
