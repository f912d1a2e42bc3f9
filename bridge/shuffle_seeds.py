"""Whether the saved state of an iterator holds what its next epochs are shuffled by.

`tf.data` keeps the random numbers of a shuffle with the stage that shuffles. A stage that batches
lets go of its input when that has given its last, incomplete batch: what is saved between that and
the next epoch has no trace of the shuffle, and an iterator restored from it would shuffle all
further epochs as it did the first ones. Such a state must not be used.
"""

import re
from typing import Any

import tensorflow as tf

_SHUFFLES = re.compile(rb"Iterator::Root[^@]*::Shuffle\w*(?=@@)")
_STAGE = "ShuffleDataset"


def shuffles_in(dataset: Any) -> int:
    """How many stages of a dataset shuffle."""
    here = int(type(dataset).__name__.lstrip("_") == _STAGE)
    return here + sum(shuffles_in(each) for each in dataset._inputs())


def holds_shuffles(state: tf.Tensor, count: int) -> bool:
    """Whether the state of an iterator, a variant tensor, has that of so many shuffling stages."""
    if not count:
        return True
    serialized = tf.io.serialize_tensor(state).numpy()
    return len(set(_SHUFFLES.findall(serialized))) >= count
