"""The iris program of `tf.estimator`'s days: 1,000 steps, an evaluation, an export.

Usage: PYTHON -m benchmarks.legacy_program, with the Python of `make bench-legacy`.
"""

import tempfile

import tensorflow as tf

from benchmarks.legacy_systems import iris_data, iris_model


def main() -> None:
    """Trains, evaluates and exports."""
    estimator = tf.keras.estimator.model_to_estimator(
        keras_model=iris_model(),
        model_dir=tempfile.mkdtemp(),
        config=tf.estimator.RunConfig(save_checkpoints_steps=100, save_summary_steps=10),
    )

    def receiver() -> tf.estimator.export.ServingInputReceiver:
        features = {"iris_input": tf.compat.v1.placeholder(tf.float32, [None, 4])}
        return tf.estimator.export.ServingInputReceiver(features, features)

    tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(iris_data, max_steps=1000),
        tf.estimator.EvalSpec(
            lambda: iris_data().take(4),
            exporters=tf.estimator.LatestExporter("exporter", receiver),
            throttle_secs=0,
            start_delay_secs=0,
        ),
    )


if __name__ == "__main__":
    main()
