"""What TensorFlow 2.15 did with the cases, and the same Estimators of ours."""

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

from kerasrun.bridge.canned import estimators, v1
from kerasrun.bridge.estimator import Estimator
from tests.bridge.canned.cases import CASES

FOLDER = os.path.join(os.path.dirname(__file__), *[os.pardir] * 2, "data", "canned_2_15")
_FORMS: dict[str, Any] = {"v1": v1, "v2": estimators}


def expected() -> dict[str, Any]:
    """Losses, metrics and signatures of every case."""
    with open(os.path.join(FOLDER, "expected.json"), encoding="utf-8") as file:
        return dict(json.load(file))


def arrays_of(name: str, part: str) -> dict[str, Any]:
    """The arrays of a case whose names begin with `part/`, without it."""
    with np.load(os.path.join(FOLDER, f"{name}.npz")) as file:
        return {key.removeprefix(f"{part}/"): file[key] for key in file if key.startswith(part)}


def write_checkpoint(model_dir: str, step: int, values: dict[str, Any]) -> None:
    """Writes a checkpoint as `tf.estimator` wrote it: by the names of variables."""
    prefix = os.path.join(model_dir, f"model.ckpt-{step}")
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=list(values.values()),
    )
    tf.compat.v1.train.update_checkpoint_state(model_dir, prefix)


def estimator_of(name: str, model_dir: str, warm_start_from: str | None = None) -> Estimator:
    """The Estimator of a case; its weights start warm, those of a baseline at zero."""
    case = CASES[name]
    arguments = dict(case.arguments(tf, estimators))
    if warm_start_from is not None and not case.estimator.startswith("Baseline"):
        arguments["warm_start_from"] = warm_start_from
    made = getattr(_FORMS[case.form], case.estimator)
    return made(**arguments, model_dir=model_dir)  # type: ignore[no-any-return]


def signatures(export_dir: Any) -> dict[str, Any]:
    """What the signatures of an export take and answer, as the fixtures have it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], os.fsdecode(export_dir))
    return {
        name: {
            "method": signature.method_name,
            "inputs": _told(signature.inputs),
            "outputs": _told(signature.outputs),
        }
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


def _told(tensors: Any) -> dict[str, Any]:
    return {
        name: [tf.as_dtype(info.dtype).name, [dim.size for dim in info.tensor_shape.dim]]
        for name, info in tensors.items()
    }
