"""Two inputs, a label in words, and the best model exported: a program for `tf.estimator`.

Usage: python petals_and_sepals.py --model_dir out
"""

import argparse
import itertools
from pathlib import Path

import keras
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parent / "data"
SPECIES = ["setosa", "versicolor", "virginica"]
FEATURES = {
    "sepal": ["sepal_length", "sepal_width"],
    "petal": ["petal_length", "petal_width"],
}


def build_model() -> keras.Model:
    """Returns a compiled classifier of `sepal` and `petal`, float32 `[batch, 2]` each, in cm."""
    sepal, petal = keras.Input((2,), name="sepal"), keras.Input((2,), name="petal")
    parts = [keras.layers.Dense(8, activation="relu")(part) for part in (sepal, petal)]
    together = keras.layers.Concatenate()(parts)
    species = keras.layers.Dense(len(SPECIES), activation="softmax", name="species")(together)
    model = keras.Model([sepal, petal], species)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train_input_fn() -> tf.data.Dataset:
    """Returns the 120 training flowers, shuffled, again and again."""
    return csv_input_fn(
        DATA / "iris_names_train.csv",
        features=FEATURES,
        label="species",
        label_vocabulary=SPECIES,
        batch_size=32,
        num_epochs=None,
        shuffle=True,
        seed=7,
    )()


def eval_input_fn() -> tf.data.Dataset:
    """Returns the 30 flowers held back, once."""
    return csv_input_fn(
        DATA / "iris_names_test.csv",
        features=FEATURES,
        label="species",
        label_vocabulary=SPECIES,
        shuffle=False,
    )()


def main(model_dir: str, max_steps: int) -> None:
    """Trains, evaluates every 100 steps, exports what is best, and names every tenth flower."""
    keras.utils.set_random_seed(7)
    config = tf_estimator.RunConfig(save_checkpoints_steps=100)
    estimator = tf_estimator.model_to_estimator(build_model(), model_dir=model_dir, config=config)
    serving_input_receiver_fn = tf_estimator.export.build_raw_serving_input_receiver_fn(
        {name: tf.TensorSpec([None, 2], tf.float32) for name in FEATURES}
    )
    exporter = tf_estimator.BestExporter("best", serving_input_receiver_fn, exports_to_keep=1)
    train_spec = tf_estimator.TrainSpec(train_input_fn, max_steps=max_steps)
    eval_spec = tf_estimator.EvalSpec(
        eval_input_fn, steps=None, exporters=exporter, throttle_secs=0
    )

    result, _ = tf_estimator.train_and_evaluate(estimator, train_spec, eval_spec)
    if result is not None:
        print(f"step {result['global_step']}: accuracy {result['accuracy']:.3f}")
    for path in sorted(Path(model_dir, "export", "best").glob("[0-9]*")):
        print(f"exported to {path}")
    for prediction in itertools.islice(estimator.predict(eval_input_fn), 0, None, 10):
        probabilities = prediction["species"]
        print(f"{SPECIES[probabilities.argmax()]} ({probabilities.max():.0%})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model_dir", required=True)
    parser.add_argument("--max_steps", type=int, default=500)
    arguments = parser.parse_args()
    main(arguments.model_dir, arguments.max_steps)
