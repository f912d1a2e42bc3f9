"""The page on exporting: its last example runs as it stands."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf


def test_the_example_by_hand_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Path(__file__).parents[2] / "docs" / "exporting.md"
    example = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)[-1]
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    exec(example, {"tf": tf, "model": model, "batch": np.ones([2, 4], np.float32)})
    assert re.fullmatch(r"exports/\d{10} 2 0\.0\n", capsys.readouterr().out)
