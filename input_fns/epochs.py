"""The seeds of shuffled epochs, kept so that a resumed run goes on in the order it had begun."""

import tensorflow as tf

from kerasrun.input_fns.batching import Batching


def shuffle_seeds(batching: Batching, count: int | None) -> tf.data.Dataset:
    """Returns a dataset of `count` int64 seeds (None: without end), one for each shuffle.

    A saved iterator holds the state of these seeds. `Dataset.shuffle(...).repeat()` without a seed
    would not do: its later epochs have another order once it is restored in another process.
    """
    # New seeds also for each new iterator (Keras makes one per epoch), as Dataset.shuffle does;
    # in a bare tf.Graph the state that this needs would forbid make_one_shot_iterator.
    per_iterator = tf.executing_eagerly() or tf.inside_function()
    seeds = tf.data.Dataset.random(batching.seed, rerandomize_each_iteration=per_iterator)
    return seeds if count is None else seeds.take(count)
