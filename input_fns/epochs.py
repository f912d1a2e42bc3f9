"""The seeds of shuffled epochs, kept so that a resumed run goes on in the order it had begun."""

import tensorflow as tf

from kerasrun.input_fns.batching import Batching


def epoch_seeds(batching: Batching) -> tf.data.Dataset:
    """Returns a dataset of one int64 seed for each epoch.

    A saved iterator holds the state of these seeds. `Dataset.shuffle(...).repeat()` without a seed
    would not do: its later epochs have another order once it is restored in another process.
    """
    # New seeds also for each new iterator (Keras makes one per epoch), as Dataset.shuffle does;
    # in a bare tf.Graph the state that this needs would forbid make_one_shot_iterator.
    per_iterator = tf.executing_eagerly() or tf.inside_function()
    seeds = tf.data.Dataset.random(batching.seed, rerandomize_each_iteration=per_iterator)
    return seeds if batching.num_epochs is None else seeds.take(batching.num_epochs)
