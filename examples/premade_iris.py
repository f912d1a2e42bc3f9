"""A pre-made Estimator learns to tell irises by their names: no model is written at all.

Usage: python premade_iris.py --model_dir out
"""

import argparse
import itertools
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parent / "data"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SPECIES = ["setosa", "versicolor", "virginica"]


def input_fn(split: str, num_epochs: int | None = 1) -> Callable[[], tf.data.Dataset]:
    """Returns the flowers of a split: four features, `[batch]` each, and the species in words."""
    return csv_input_fn(
        DATA / f"iris_names_{split}.csv",
        features=FEATURES,
        label="species",
        batch_size=32,
        num_epochs=num_epochs,
        shuffle=num_epochs is None,
        seed=7,
    )


def main(model_dir: str, max_steps: int) -> None:
    """Trains, evaluates, exports for serialised Examples, and names every tenth flower."""
    columns = [tf.feature_column.numeric_column(name) for name in FEATURES]
    estimator = tf_estimator.DNNClassifier(
        hidden_units=[10, 10],
        feature_columns=columns,
        model_dir=model_dir,
        n_classes=len(SPECIES),
        label_vocabulary=SPECIES,
        optimizer=lambda: tf.keras.optimizers.Adam(0.01),
        config=tf_estimator.RunConfig(tf_random_seed=7),
    )
    estimator.train(input_fn("train", num_epochs=None), max_steps=max_steps)
    result = estimator.evaluate(input_fn("test"))
    print(f"step {result['global_step']}: accuracy {result['accuracy']:.3f}")

    receiver_fn = tf_estimator.export.build_parsing_serving_input_receiver_fn(
        tf.feature_column.make_parse_example_spec(columns)
    )
    export = estimator.export_saved_model(str(Path(model_dir, "export")), receiver_fn)
    print(f"exported to {export}")
    for answer in itertools.islice(estimator.predict(input_fn("test")), 0, None, 10):
        print(f"{answer['classes'][0].decode()} ({answer['probabilities'].max():.0%})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model_dir", required=True)
    parser.add_argument("--max_steps", type=int, default=500)
    arguments = parser.parse_args()
    main(arguments.model_dir, arguments.max_steps)
