"""Makes the fixtures of this folder, with the real `tf.estimator`.

In an environment of its own:

    python3.11 -m venv legacy && legacy/bin/pip install "tensorflow-cpu==2.15.1"
    legacy/bin/python tests/data/canned_2_15/make.py

For each of `tests/bridge/canned/cases.py` it trains the Estimator from its initial weights and
writes `<case>.npz`: `weights/<variable>`, the trainable variables at step 0; `state/<variable>`,
the whole checkpoint at step 2; `prediction/<key>`, what it predicts after the last step.
`expected.json` tells of each case the loss of every step, the metrics of an evaluation after the
last, and the signatures of an export: their kind, and the name, type and shape of each tensor.
Some of the cases are compared in every run of the tests, all of them where the environment has
`KERASRUN_EVERY_CASE=1`.
"""

import importlib
import json
import os
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
CASES_FILE = os.path.join(HERE, *[os.pardir] * 2, "bridge", "canned", "cases.py")
FORMS = {"v1": tf.compat.v1.estimator, "v2": tf.estimator}


def cases_module() -> Any:
    """The declarations, loaded from their file."""
    sys.path.insert(0, os.path.dirname(CASES_FILE))
    return importlib.import_module("cases")


class Losses(tf.estimator.SessionRunHook):
    """Keeps the loss of every step."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def before_run(self, run_context: Any) -> Any:
        """Asks for it."""
        return tf.estimator.SessionRunArgs("the_loss:0")

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Keeps it."""
        self.values.append(float(run_values.results))


def expose(estimator: Any) -> set[str]:
    """Calls the loss `the_loss` in the graph; notes the names of trainable variables."""
    original = estimator._model_fn
    trainable: set[str] = set()

    def model_fn(features: Any, labels: Any, mode: Any, config: Any) -> Any:
        spec = original(features=features, labels=labels, mode=mode, config=config)
        if spec.loss is not None:
            with tf.name_scope(""):
                tf.identity(spec.loss, name="the_loss")
        for variable in tf.compat.v1.trainable_variables():
            sliced = variable._get_save_slice_info()
            trainable.add(sliced.full_name if sliced else variable.name.removesuffix(":0"))
        return spec

    estimator._model_fn = model_fn
    return trainable


def values_at(checkpoint: str) -> dict[str, Any]:
    """All variables of a checkpoint."""
    reader = tf.train.load_checkpoint(checkpoint)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def signatures(folder: str) -> dict[str, Any]:
    """What the signatures of an export take and answer."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], folder)

        def told(tensors: Any) -> dict[str, Any]:
            return {
                name: [
                    tf.dtypes.as_dtype(info.dtype).name,
                    [dim.size for dim in info.tensor_shape.dim],
                ]
                for name, info in sorted(tensors.items())
            }

        return {
            name: {
                "method": signature.method_name,
                "inputs": told(signature.inputs),
                "outputs": told(signature.outputs),
            }
            for name, signature in sorted(graph.signature_def.items())
            if not name.startswith("__")
        }


def make(cases: Any, name: str, folder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the rest of one case."""
    case = cases.CASES[name]
    config = tf.estimator.RunConfig(
        tf_random_seed=7, save_checkpoints_steps=cases.SAVED_STEP, keep_checkpoint_max=None
    )
    made = getattr(FORMS[case.form], case.estimator)
    estimator = made(**case.arguments(tf, tf.estimator), model_dir=folder, config=config)
    trainable = expose(estimator)
    losses = Losses()
    estimator.train(
        lambda: cases.batches(tf, case, "train", 30).repeat(), [losses], max_steps=cases.STEPS
    )
    metrics = estimator.evaluate(lambda: cases.batches(tf, case, "test", 25))
    answers = list(estimator.predict(lambda: cases.batches(tf, case, "test", 5)))
    receiver = tf.estimator.export.build_parsing_serving_input_receiver_fn(cases.parsed(tf, case))
    export = estimator.export_saved_model(os.path.join(folder, "export"), receiver)
    weights = values_at(f"{folder}/model.ckpt-0")
    state = values_at(f"{folder}/model.ckpt-{cases.SAVED_STEP}")
    arrays = {f"weights/{name}": weights[name] for name in sorted(trainable)}
    arrays |= {f"state/{name}": value for name, value in state.items()}
    for key in answers[0]:
        stacked = np.stack([answer[key] for answer in answers])
        text = stacked.astype("S") if stacked.dtype == object else stacked
        arrays["prediction/" + ("/".join(key) if isinstance(key, tuple) else key)] = text
    told = {
        "losses": losses.values,
        "metrics": {key: float(value) for key, value in sorted(metrics.items())},
        "signatures": signatures(export.decode()),
    }
    return arrays, told


def main(names: list[str]) -> None:
    """Makes the cases of these names, all of them where there are none."""
    cases = cases_module()
    path = os.path.join(HERE, "expected.json")
    expected: dict[str, Any] = {}
    if names and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            expected = json.load(file)
    for name in names or cases.CASES:
        with tempfile.TemporaryDirectory() as folder:
            arrays, expected[name] = make(cases, name, folder)
        np.savez_compressed(os.path.join(HERE, f"{name}.npz"), **arrays)
        print(name, expected[name]["losses"], flush=True)
    with open(path, "w", encoding="utf-8") as file:
        lines = [f"{json.dumps(key)}: {json.dumps(expected[key])}" for key in sorted(expected)]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
