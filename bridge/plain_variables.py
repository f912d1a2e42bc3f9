"""Variables that are made while a function is traced."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf
from tensorflow.python.distribute import distribute_lib


@contextmanager
def plain_variables() -> Iterator[None]:
    """Within it variables are made that outlive the function that is being traced.

    They are this process's own, whatever `tf.distribute.Strategy` runs the function.
    """
    with tf.init_scope(), as_one_device():
        graph = tf.compat.v1.get_default_graph()
        creators = graph._variable_creator_stack
        graph._variable_creator_stack = []
        try:
            yield
        finally:
            graph._variable_creator_stack = creators


@contextmanager
def as_one_device() -> Iterator[None]:
    """Within it code sees no strategy. In a replica's step: it must do the same on all of them."""
    distribute_lib._push_per_thread_mode(distribute_lib._get_default_replica_mode())
    try:
        yield
    finally:
        distribute_lib._pop_per_thread_mode()
