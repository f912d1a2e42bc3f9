"""Every kind of state that a training has: Dropout, BatchNormalization, Adam, a shuffled CSV."""

from pathlib import Path

import keras

from kerasrun import estimator as tf_estimator
from kerasrun.input_fns import csv_input_fn

DATA = Path(__file__).parents[3] / "examples" / "data"
FEATURES = {"iris_input": ["sepal_length", "sepal_width", "petal_length", "petal_width"]}

run_config = tf_estimator.RunConfig(
    save_checkpoints_steps=40, save_summary_steps=15, log_step_count_steps=20, deterministic=True
)


def build_model() -> keras.Model:
    model = keras.Sequential(
        [
            keras.layers.Dense(400, activation="relu", name="iris"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(400, activation="relu"),
            keras.layers.Dense(3, activation="softmax", name="probabilities"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


train_input_fn = csv_input_fn(
    DATA / "iris_train.csv",
    label="species",
    features=FEATURES,
    batch_size=16,
    num_epochs=None,
    shuffle=True,
)
eval_input_fn = csv_input_fn(
    DATA / "iris_test.csv", label="species", features=FEATURES, shuffle=False
)
train_spec = tf_estimator.TrainSpec(train_input_fn, max_steps=320)
eval_spec = tf_estimator.EvalSpec(
    eval_input_fn,
    steps=None,
    throttle_secs=0,
    exporters=[
        tf_estimator.LatestExporter("latest", exports_to_keep=3),
        tf_estimator.BestExporter("best"),
        tf_estimator.FinalExporter("final"),
    ],
)
