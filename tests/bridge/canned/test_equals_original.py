"""The pre-made Estimators do what those of TensorFlow 2.15 did on the same weights and data."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun import estimator as tf_estimator
from tests.bridge.canned import cases, fixtures

pytestmark = pytest.mark.slow

EXPECTED = fixtures.expected()
# What the original kept of an optimizer besides its state, and we do not.
NOT_KEPT = {
    "beta",
    "beta_1",
    "beta_2",
    "decay",
    "iter",
    "l1_regularization_strength",
    "l2_regularization_strength",
    "learning_rate",
    "learning_rate_power",
    "momentum",
    "rho",
}
# Those that are evaluated, asked for predictions and exported, too.
WHOLE = ["v1_dnn_binary", "v2_linear_named", "head_multi_label", "head_several"]
USUAL = [
    *WHOLE,
    "v1_combined_length",
]
# All take a minute and a half of a processor; they are for those who change this.
EVERY = bool(os.environ.get("KERASRUN_EVERY_CASE"))


class Losses(tf_estimator.SessionRunHook):
    """Keeps the loss of each step."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def before_run(self, run_context: Any) -> Any:
        return tf_estimator.SessionRunArgs(run_context.original_args.fetches[1])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.found.append(float(run_values.results))


def trained(name: str, estimator: Any) -> list[float]:
    """The losses of training to the last step."""
    case, losses = cases.CASES[name], Losses()
    estimator.train(
        lambda: cases.batches(tf, case, "train", 30).repeat(), [losses], max_steps=cases.STEPS
    )
    return losses.found


def as_text(key: Any) -> str:
    """A prediction's key as the fixtures have it."""
    return "/".join(key) if isinstance(key, tuple) else str(key)


@pytest.mark.parametrize("name", cases.CASES if EVERY else USUAL)
def test_it_does_as_the_original(name: str, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    weights = fixtures.arrays_of(name, "weights")
    fixtures.write_checkpoint(str(tmp_path / "weights"), 0, weights)
    estimator = fixtures.estimator_of(name, str(tmp_path), str(tmp_path / "weights"))
    assert trained(name, estimator) == pytest.approx(EXPECTED[name]["losses"], rel=1e-5)
    kept = set(fixtures.arrays_of(name, "state"))
    kept -= {n for n in kept if n.startswith("training") and n.split("/")[2] in NOT_KEPT}
    ours = set(estimator.get_variable_names())
    assert {n for n in ours if not n.startswith("metrics/")} == kept
    if EVERY or name in WHOLE:
        check_evaluation(name, estimator)
        check_predictions(name, estimator)
        check_export(name, estimator, tmp_path)


def check_evaluation(name: str, estimator: Any) -> None:
    result = estimator.evaluate(lambda: cases.batches(tf, cases.CASES[name], "test", 25))
    metrics = EXPECTED[name]["metrics"]
    assert {key: float(value) for key, value in result.items()} == pytest.approx(metrics, rel=1e-5)


def check_predictions(name: str, estimator: Any) -> None:
    answers = list(estimator.predict(lambda: cases.batches(tf, cases.CASES[name], "test", 5)))
    predictions = fixtures.arrays_of(name, "prediction")
    assert {as_text(key) for key in answers[0]} == set(predictions)
    for key in answers[0]:
        found, original = np.stack([a[key] for a in answers]), predictions[as_text(key)]
        if original.dtype.kind == "S":
            assert np.array_equal(found.astype("S"), original), key
        else:
            assert found.dtype == original.dtype, key
            np.testing.assert_allclose(found, original, rtol=1e-5, atol=1e-6)


def check_export(name: str, estimator: Any, folder: Path) -> None:
    features = cases.parsed(tf, cases.CASES[name])
    receiver_fn = tf_estimator.export.build_parsing_serving_input_receiver_fn(features)
    export = estimator.export_saved_model(str(folder / "export"), receiver_fn)
    assert fixtures.signatures(export) == EXPECTED[name]["signatures"]


@pytest.mark.parametrize("name", ["v1_dnn_adam", "v2_combined_classes"])
def test_a_checkpoint_of_the_original_is_continued(name: str, tmp_path: Path) -> None:
    step, case = cases.SAVED_STEP, cases.CASES[name]
    fixtures.write_checkpoint(str(tmp_path), step, fixtures.arrays_of(name, "state"))
    estimator = fixtures.estimator_of(name, str(tmp_path))
    estimator.train(  # without hooks: many steps in one call
        lambda: cases.batches(tf, case, "train", 30).repeat().skip(step), max_steps=cases.STEPS
    )
    check_evaluation(name, estimator)
