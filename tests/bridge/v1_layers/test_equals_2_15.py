"""Layers and cells of TensorFlow 1 compute what those of TensorFlow 2.15 do, under its names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasrun.bridge import v1_layers
from kerasrun.bridge.v1_layers import rnn_cell
from tests.bridge.v1_layers import cases

REFERENCE = Path(__file__).parents[2] / "data" / "v1_layers_2_15.npz"
CASES = cases.all_cases(v1_layers, rnn_cell)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What TensorFlow 2.15 computed."""
    with np.load(REFERENCE) as found:
        return dict(found)


@pytest.mark.parametrize("name", CASES)
def test_a_case_equals_2_15(name: str, expected: dict[str, Any]) -> None:
    found = cases.computed(CASES[name])
    exact = {"names", "trained", "shapes", "updates"}
    for key in sorted(exact):
        assert found[key].tolist() == expected[f"{name}/{key}"].tolist(), key
    for key in found.keys() - exact:
        wanted = expected[f"{name}/{key}"]
        assert found[key].shape == wanted.shape, key
        assert found[key] == pytest.approx(wanted, rel=1e-6, abs=1e-6), key


def test_every_case_is_in_the_file(expected: dict[str, Any]) -> None:
    assert {key.rpartition("/")[0] for key in expected} - {""} == set(CASES)


def test_all_take_the_arguments_of_2_15(expected: dict[str, Any]) -> None:
    assert cases.signatures(v1_layers, rnn_cell) == expected["signatures"].tolist()
