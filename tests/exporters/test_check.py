"""What the written model answers is compared before it gets its name."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters import ExpectedAnswer, ExportCheckError, Signature, write_saved_model
from tests.exporters.conftest import linear, raw


def _write(base: Path, weight: Any, outputs: Any, **question: Any) -> float:
    question = {"inputs": {"x": np.ones([2, 2], np.float32)}, **question}
    check = ExpectedAnswer(outputs=outputs, **question)
    return write_saved_model(str(base), [linear(weight)], [weight], check=check).difference


def test_another_answer_is_an_error_and_nothing_is_left(tmp_path: Path, weight: Any) -> None:
    message = re.escape("Output 'y' of the written model is 0.25 off")
    with pytest.raises(ExportCheckError, match=message) as caught:
        _write(tmp_path, weight, {"y": [[5.0], [5.25]]})
    assert (caught.value.output, caught.value.difference) == ("y", 0.25)
    assert list(tmp_path.iterdir()) == []


def test_a_little_is_allowed_and_told(tmp_path: Path, weight: Any) -> None:
    assert _write(tmp_path, weight, {"y": [[5.0], [5.00001]]}) == pytest.approx(1e-5)


def test_the_tolerance_may_be_set(tmp_path: Path, weight: Any) -> None:
    assert _write(tmp_path, weight, {"y": [[5.0], [6.0]]}, tolerance=0.5) == 1.0


def test_nan_differs_from_a_number(tmp_path: Path, weight: Any) -> None:
    with pytest.raises(ExportCheckError, match="is inf off"):
        _write(tmp_path, weight, {"y": [[5.0], [np.nan]]})


def test_nan_equals_nan(tmp_path: Path) -> None:
    weight = tf.Variable([[np.nan], [1.0]], dtype=tf.float32)
    assert _write(tmp_path, weight, {"y": [[np.nan], [np.nan]]}) == 0.0


def test_another_shape_is_an_error(tmp_path: Path, weight: Any) -> None:
    with pytest.raises(ExportCheckError, match=r"the shape \[2, 1\]; the live .* \[2\]"):
        _write(tmp_path, weight, {"y": [5.0, 5.0]})


def test_the_question_must_fit(tmp_path: Path, weight: Any) -> None:
    with pytest.raises(ValueError, match=r"No output 'z' to check; there are \['y'\]"):
        _write(tmp_path, weight, {"z": [5.0]})
    with pytest.raises(ValueError, match=r"takes \['x'\]; the check gives \['y'\]"):
        _write(tmp_path, weight, {"y": [5.0]}, inputs={"y": [1.0]})
    with pytest.raises(ValueError, match=r"No signature 'a' to check; .*'serving_default'"):
        _write(tmp_path, weight, {"y": [5.0]}, signature="a")


@pytest.mark.parametrize(
    ("found", "expected", "equal"),
    [
        (tf.constant([b"a", b"b"]), ["a", "b"], True),
        (tf.constant([b"a", b"b"]), np.array([b"a", b"c"], object), False),
        (tf.constant([1, 2]), [1, 2], True),
        (tf.constant([1, 2]), [1, 3], False),
        (tf.constant([True]), [False], False),
        (tf.constant([1.0, 2.0], tf.bfloat16), [1.0, 2.01], True),
        (tf.constant([1.0, 2.0], tf.float16), [1.0, 2.1], False),
        (tf.constant([np.inf]), [np.inf], True),
        (tf.constant([np.inf]), [-np.inf], False),
        (tf.constant([1.0 + 1.0j]), [1.0 + 1.0j], True),
        (tf.zeros([0]), np.zeros([0]), True),
    ],
)
def test_every_kind_of_output(tmp_path: Path, found: Any, expected: Any, equal: bool) -> None:
    answer = found.numpy()
    outputs = lambda f: {"y": tf.constant(answer), "x": f["x"]}  # noqa: E731
    signature = Signature("serving_default", outputs, raw(x=[None]))
    check = ExpectedAnswer({"x": [1.0]}, {"y": expected})
    if equal:
        write_saved_model(str(tmp_path), [signature], [], check=check)
        return
    with pytest.raises(ExportCheckError, match="Output 'y' of the written model"):
        write_saved_model(str(tmp_path), [signature], [], check=check)
    assert list(tmp_path.iterdir()) == []
