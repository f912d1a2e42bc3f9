"""Trains on two workers, with a third process that evaluates: here all on this machine.

Usage: python examples/two_workers.py --model_dir out [--max_steps N]

A process that finds a TF_CONFIG is one of the three: that is all that `train` below has to do with
it. On three hosts Kubernetes, Slurm or you would start them so. Without TF_CONFIG the program
starts itself three times.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from kerasrun import estimator as tf_estimator  # joins the cluster: before the first tensor

DATA = Path(__file__).parent / "data"
TASKS = ("chief", "worker", "evaluator")


def train(model_dir: str, max_steps: int) -> None:
    """An ordinary program: nothing in it knows of the other processes."""
    import keras

    from kerasrun.input_fns import csv_input_fn

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Dense(10, activation="relu", name="iris"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    columns: dict[str, Any] = {
        "label": "species",
        "features": {"iris_input": ["sepal_length", "sepal_width", "petal_length", "petal_width"]},
    }
    train_input_fn = csv_input_fn(
        DATA / "iris_train.csv", batch_size=32, num_epochs=None, shuffle=True, **columns
    )
    eval_input_fn = csv_input_fn(DATA / "iris_test.csv", shuffle=False, **columns)
    config = tf_estimator.RunConfig(
        save_checkpoints_steps=max(1, max_steps // 2), save_summary_steps=1, tf_random_seed=1
    )
    estimator = tf_estimator.model_to_estimator(model, model_dir=model_dir, config=config)
    tf_estimator.train_and_evaluate(
        estimator,
        tf_estimator.TrainSpec(train_input_fn, max_steps=max_steps),
        tf_estimator.EvalSpec(
            eval_input_fn,
            exporters=tf_estimator.FinalExporter("final"),
            start_delay_secs=0,
            throttle_secs=0,
        ),
    )
    print(f"{config.task_type} {config.task_id}: done")


def start_all(arguments: list[str]) -> int:
    """Starts the three processes; returns the first exit code that is not 0."""
    chief, worker = (f"127.0.0.1:{_free_port()}" for _ in range(2))
    cluster = {"chief": [chief], "worker": [worker]}
    started = []
    for task in TASKS:
        tf_config = {"cluster": cluster, "task": {"type": task, "index": 0}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(tf_config)}
        started.append(subprocess.Popen([sys.executable, *arguments], env=environment))
    return next((code for code in [each.wait() for each in started] if code), 0)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> None:
    """Is one of the three, or starts them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model_dir", required=True)
    parser.add_argument("--max_steps", type=int, default=200)
    given = parser.parse_args()
    if "TF_CONFIG" in os.environ:
        train(given.model_dir, given.max_steps)
    else:
        sys.exit(start_all(sys.argv))


if __name__ == "__main__":
    main()
