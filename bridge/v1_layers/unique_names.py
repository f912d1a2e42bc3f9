"""Names of layers, numbered in each graph from the second of a kind on."""

from collections import Counter
from weakref import WeakKeyDictionary

import tensorflow as tf
import tensorflow.compat.v1 as v1

_given: WeakKeyDictionary[tf.Graph, Counter[str]] = WeakKeyDictionary()


def unique_name(kind: str) -> str:
    """Returns `dense`, then `dense_1`, … for the layers of this kind in the default graph."""
    counts = _given.setdefault(v1.get_default_graph(), Counter())
    counts[kind] += 1
    return kind if counts[kind] == 1 else f"{kind}_{counts[kind] - 1}"
