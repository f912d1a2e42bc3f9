"""Training that ends when the evaluations get no better.

Usage: python early_stopping.py --model_dir out
"""

import argparse
from pathlib import Path

import keras
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parent / "data"
FEATURES = {"iris_input": ["sepal_length", "sepal_width", "petal_length", "petal_width"]}


def build_model() -> keras.Model:
    """Returns a compiled classifier of `{"iris_input": float32 [batch, 4]}`, prone to overfit."""
    hidden = keras.layers.Dense(100, activation="relu", name="iris")
    model = keras.Sequential([hidden, keras.layers.Dense(3, activation="softmax")])
    model.compile(
        optimizer=keras.optimizers.Adam(0.02),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train_input_fn() -> tf.data.Dataset:
    """Returns the 120 training flowers, shuffled, again and again."""
    return csv_input_fn(
        DATA / "iris_train.csv",
        features=FEATURES,
        label="species",
        batch_size=32,
        num_epochs=None,
        shuffle=True,
        seed=7,
    )()


def eval_input_fn() -> tf.data.Dataset:
    """Returns the 30 flowers held back, once."""
    return csv_input_fn(DATA / "iris_test.csv", features=FEATURES, label="species", shuffle=False)()


def main(model_dir: str) -> None:
    """Trains until the loss of the evaluations has not fallen for 300 steps, 10,000 at most."""
    keras.utils.set_random_seed(7)
    config = tf_estimator.RunConfig(save_checkpoints_steps=50)
    estimator = tf_estimator.model_to_estimator(build_model(), model_dir=model_dir, config=config)
    stop = tf_estimator.experimental.stop_if_no_decrease_hook(
        estimator,
        "loss",
        max_steps_without_decrease=300,
        run_every_secs=None,
        run_every_steps=50,
    )
    train_spec = tf_estimator.TrainSpec(train_input_fn, max_steps=10_000, hooks=[stop])
    eval_spec = tf_estimator.EvalSpec(eval_input_fn, steps=None, throttle_secs=0)
    tf_estimator.train_and_evaluate(estimator, train_spec, eval_spec)

    results = tf_estimator.experimental.read_eval_metrics(estimator.eval_dir())
    best = min(results, key=lambda step: results[step]["loss"])
    print(f"stopped at step {max(results)}")
    print(f"the lowest loss was {results[best]['loss']:.4f}, at step {best}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model_dir", required=True)
    main(parser.parse_args().model_dir)
