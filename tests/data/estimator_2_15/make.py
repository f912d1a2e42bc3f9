"""Made with TensorFlow 2.15.1 and its tf.estimator: `make bench-legacy`, then here

    TF_CPP_MIN_LOG_LEVEL=3 ../../../.venv-legacy/bin/python make.py

For each optimizer: the checkpoint after 20 steps, what it evaluates and predicts, and the loss of
each of the 10 steps that follow.
"""

import glob
import json
import os
import shutil
import tempfile

import model_fns
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
v1 = tf.compat.v1


class Losses(v1.train.SessionRunHook):
    """Keeps the loss of each step."""

    def __init__(self):
        self.found = []

    def before_run(self, run_context):
        return v1.train.SessionRunArgs(run_context.original_args.fetches[1])

    def after_run(self, run_context, run_values):
        self.found.append(float(run_values.results))


def main():
    kept = {}
    for optimizer in model_fns.OPTIMIZERS:
        model_dir = tempfile.mkdtemp()
        estimator = tf.estimator.Estimator(
            model_fns.make_model_fn(tf.estimator, optimizer),
            model_dir,
            tf.estimator.RunConfig(tf_random_seed=1),
            params={"rate": 0.05},
        )
        estimator.train(lambda: model_fns.input_fn(True), max_steps=20)
        result = estimator.evaluate(lambda: model_fns.input_fn(False))
        predicted = list(estimator.predict(lambda: model_fns.input_fn(False)))
        target = os.path.join(HERE, optimizer)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        for file in glob.glob(os.path.join(model_dir, "model.ckpt-20.*")):
            if not file.endswith(".meta"):
                shutil.copy(file, target)
        shutil.copy(os.path.join(model_dir, "checkpoint"), target)
        losses = Losses()
        estimator.train(lambda: model_fns.input_fn(True), steps=10, hooks=[losses])
        kept[optimizer] = {
            "evaluated": {name: float(value) for name, value in result.items()},
            "predicted": [float(each["p"]) for each in predicted[:8]],
            "losses": losses.found,
        }
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(kept, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
