"""Feature columns of the days of `tf.estimator`, in a Keras 3 model.

Usage: python feature_columns.py --model_dir out
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from kerasrun.feature_columns import FeatureColumns
from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parent / "data"
SPECIES = ["setosa", "versicolor", "virginica"]
NUMBERS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def feature_columns() -> list[Any]:
    """Returns the sepals as numbers, and the petals' sizes as classes, alone and together."""
    column = tf.feature_column
    length = column.bucketized_column(column.numeric_column("petal_length"), [2.5, 4.0, 5.0])
    width = column.bucketized_column(column.numeric_column("petal_width"), [0.8, 1.3, 1.7])
    petal = column.crossed_column([length, width], hash_bucket_size=32)
    return [
        column.numeric_column("sepal_length", normalizer_fn=centered),
        column.numeric_column("sepal_width"),
        column.indicator_column(length),
        column.embedding_column(petal, dimension=3),
    ]


@keras.saving.register_keras_serializable()
def centered(length: tf.Tensor) -> tf.Tensor:
    """Returns sepal lengths around 0; a function with a name, so that the model can be saved."""
    return length - 5.8


def build_model() -> keras.Model:
    """Returns a compiled classifier of the four measures, float32 `[batch]` each, in cm."""
    model = keras.Sequential(
        [
            FeatureColumns(feature_columns()),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(len(SPECIES), activation="softmax", name="species"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adagrad(0.1),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train_input_fn() -> tf.data.Dataset:
    """Returns the 120 training flowers by column, shuffled, again and again."""
    return csv_input_fn(
        DATA / "iris_names_train.csv",
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
        DATA / "iris_names_test.csv", label="species", label_vocabulary=SPECIES, shuffle=False
    )()


def main(model_dir: str) -> None:
    """Trains, evaluates, and exports a model that reads tf.Examples as the columns declare them."""
    keras.utils.set_random_seed(7)
    estimator = tf_estimator.model_to_estimator(build_model(), model_dir=model_dir)
    estimator.train(train_input_fn, max_steps=400)
    result = estimator.evaluate(eval_input_fn)
    print(f"step {result['global_step']}: accuracy {result['accuracy']:.3f}")
    spec = tf.feature_column.make_parse_example_spec(feature_columns())
    receiver_fn = tf_estimator.export.build_parsing_serving_input_receiver_fn(spec)
    print(f"exported to {estimator.export_saved_model(f'{model_dir}/export', receiver_fn)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model_dir", required=True)
    main(parser.parse_args().model_dir)
