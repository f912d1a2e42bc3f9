"""One system that trains a table of a million hashed rows, in a process of its own.

Usage: PYTHON -m benchmarks.embedding_systems SYSTEM SECONDS
Prints JSON: microseconds a step, wall and CPU, and the most memory that the process held.
`tf.estimator` is for an environment of its own (`make bench-legacy`); the rest are for ours.
"""

import json
import resource
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.stretches import Stretches

_ROWS, _DIMENSION, _BATCH, _STEPS = 1_000_000, 16, 512, 100
_BATCHES = 200
_KEY = "id"
_LONG = 10**7


def _data() -> Any:
    chance = np.random.default_rng(1)
    count = _BATCH * _BATCHES
    ids = chance.integers(0, 10**7, (count, 1)).astype(str)
    labels = chance.random((count, 1), "float32")
    return tf.data.Dataset.from_tensor_slices(({_KEY: ids}, labels)).batch(_BATCH).cache().repeat()


def _columns() -> list[Any]:
    ids = tf.feature_column.categorical_column_with_hash_bucket(_KEY, _ROWS)
    return [tf.feature_column.embedding_column(ids, _DIMENSION)]


def _of_columns() -> Any:
    import keras

    from kerasrun.feature_columns import FeatureColumns

    model = keras.Sequential([FeatureColumns(_columns()), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adagrad(0.05), "mse")
    return model


def _of_layers() -> Any:
    """The same by hand, as Keras advises: an empty string is a value like any other here."""
    import keras

    inputs = keras.Input((1,), dtype="string", name=_KEY)
    rows = keras.layers.Hashing(_ROWS)(inputs)
    embedded = keras.layers.Flatten()(keras.layers.Embedding(_ROWS, _DIMENSION)(rows))
    model = keras.Model({_KEY: inputs}, keras.layers.Dense(1)(embedded))
    model.compile(keras.optimizers.Adagrad(0.05), "mse")
    return model


def _watched(base: Any, stretches: Stretches) -> Any:
    """A hook of TensorFlow's class, for either environment."""

    class Watch(base):
        done, every = 0, 1

        def next_iteration(self, done: int) -> int:
            return done + _STEPS - done % _STEPS

        def after_run(self, run_context: Any, run_values: Any) -> None:
            self.done += 1
            if self.done % self.every == 0 and stretches.ended():
                run_context.request_stop()

    return Watch()


def _by_kerasrun(build: Callable[[], Any]) -> Callable[[Stretches], None]:
    def train(stretches: Stretches) -> None:
        from kerasrun import estimator as tf_estimator

        config = tf_estimator.RunConfig(save_checkpoints_steps=_LONG, save_summary_steps=_STEPS)
        estimator = tf_estimator.model_to_estimator(
            build(), model_dir=tempfile.mkdtemp(), config=config
        )
        watch = _watched(tf_estimator.SessionRunHook, stretches)
        estimator.train(_data, hooks=[watch], max_steps=_LONG)

    return train


def _by_fit(build: Callable[[], Any]) -> Callable[[Stretches], None]:
    def train(stretches: Stretches) -> None:
        import keras

        class Epochs(keras.callbacks.Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                if stretches.ended():
                    self.model.stop_training = True

        build().fit(_data(), epochs=10**6, steps_per_epoch=_STEPS, verbose=0, callbacks=[Epochs()])

    return train


def _by_tf_estimator(stretches: Stretches) -> None:
    inputs = {_KEY: tf.keras.Input((1,), dtype="string", name=_KEY)}
    embedded = tf.keras.layers.DenseFeatures(_columns())(inputs)
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(embedded))
    model.compile(tf.keras.optimizers.legacy.Adagrad(0.05), "mse")
    config = tf.estimator.RunConfig(save_checkpoints_steps=_LONG, save_summary_steps=_STEPS)
    estimator = tf.keras.estimator.model_to_estimator(
        model, model_dir=tempfile.mkdtemp(), config=config
    )
    watch = _watched(tf.compat.v1.train.SessionRunHook, stretches)
    watch.every = _STEPS
    estimator.train(_data, hooks=[watch])


SYSTEMS: dict[str, Callable[[Stretches], None]] = {
    "kerasrun": _by_kerasrun(_of_columns),
    "kerasrun, layers": _by_kerasrun(_of_layers),
    "fit": _by_fit(_of_columns),
    "fit, layers": _by_fit(_of_layers),
    "tf.estimator": _by_tf_estimator,
}


def main() -> None:
    """Measures what the command line names."""
    system, seconds = sys.argv[1:]
    stretches = Stretches(_STEPS, float(seconds))
    SYSTEMS[system](stretches)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # in KiB on Linux
    print(json.dumps({**stretches.result(), "peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
