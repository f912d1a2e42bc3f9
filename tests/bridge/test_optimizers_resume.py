"""A checkpoint holds all that an optimizer knows: another process goes on to the same bits."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import optimizers

from tests.bridge.conftest import build_model


@pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(lambda: optimizers.LossScaleOptimizer(optimizers.Adam()), id="scaled loss"),
        pytest.param(lambda: optimizers.Adam(gradient_accumulation_steps=3), id="accumulation"),
        pytest.param(lambda: optimizers.Adam(use_ema=True), id="moving averages"),
        pytest.param(lambda: optimizers.Muon(0.01), id="two kinds of slots"),
    ],
)
def test_two_halves_make_a_whole(
    optimizer: Callable[[], Any], endless: Any, make_estimator: Any
) -> None:
    def made(model_dir: str) -> Any:
        keras.utils.set_random_seed(1)
        return make_estimator(build_model(optimizer=optimizer()), model_dir)

    whole = made("whole").train(endless, max_steps=8)
    made("halves").train(endless, max_steps=4)  # the data's four batches once
    halves = made("halves").train(endless, max_steps=8)
    assert halves.get_variable_names() == whole.get_variable_names()
    for name in whole.get_variable_names():
        found, expected = halves.get_variable_value(name), whole.get_variable_value(name)
        np.testing.assert_array_equal(found, expected, err_msg=name)
