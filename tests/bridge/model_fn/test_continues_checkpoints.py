"""Checkpoints that the real `tf.estimator` wrote are continued, to the same losses."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kerasrun import estimator as tf_estimator
from tests.data.estimator_2_15 import model_fns

DATA = Path(__file__).parents[2] / "data" / "estimator_2_15"
EXPECTED = json.loads((DATA / "expected.json").read_text())
pytestmark = pytest.mark.slow


class Losses(tf_estimator.SessionRunHook):
    """Keeps the loss of each step."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def before_run(self, run_context: Any) -> Any:
        return tf_estimator.SessionRunArgs(run_context.original_args.fetches[1])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.found.append(float(run_values.results))


@pytest.mark.parametrize("optimizer", model_fns.OPTIMIZERS)
def test_it_goes_on_as_the_original_does(optimizer: str, tmp_path: Path) -> None:
    expected = EXPECTED[optimizer]
    model_dir = shutil.copytree(DATA / optimizer, tmp_path / "model")
    model_fn = model_fns.make_model_fn(tf_estimator, optimizer)
    estimator = tf_estimator.Estimator(model_fn, str(model_dir), params={"rate": 0.05})
    result = estimator.evaluate(lambda: model_fns.input_fn(False))
    assert {name: pytest.approx(float(v), abs=1e-6) for name, v in result.items()} == expected[
        "evaluated"
    ]
    predicted = [float(each["p"]) for each in estimator.predict(lambda: model_fns.input_fn(False))]
    assert predicted[:8] == pytest.approx(expected["predicted"], abs=1e-6)
    losses = Losses()
    estimator.train(lambda: model_fns.input_fn(True), steps=10, hooks=[losses])
    assert losses.found == pytest.approx(expected["losses"], abs=1e-6)
    assert estimator.get_variable_value("global_step") == 30
