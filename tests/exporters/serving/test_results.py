"""Classes and numbers out of a model's outputs."""

from typing import Any

import numpy as np
import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.results import (
    check_classify,
    check_regress,
    classifications,
    regressions,
)
from kerasrun.exporters.serving.signature import CLASSIFY, Signature, TensorSpec

EXAMPLES = {"inputs": TensorSpec("string", 7, (None,))}
CLASSES = TensorSpec("string", 7, (None, 2))
SCORES = TensorSpec("float32", 1, (None, 2))


def signature(inputs: Any = EXAMPLES, **outputs: TensorSpec) -> Signature:
    return Signature(CLASSIFY, inputs, outputs)


def test_classes_or_scores_are_enough() -> None:
    assert check_classify(signature(scores=SCORES, classes=CLASSES)) == ["classes", "scores"]
    assert check_classify(signature(scores=SCORES)) == ["scores"]
    scores = np.array([[1, 2]], np.float32)
    assert classifications({"scores": scores}, 1) == [[(b"", 1.0), (b"", 2.0)]]
    labels = np.array([[b"a", b"b"]], object)
    assert classifications({"classes": labels}, 1) == [[(b"a", 0.0), (b"b", 0.0)]]


@pytest.mark.parametrize(
    ("check", "asked", "words"),
    [
        (check_classify, signature({}, scores=SCORES), "Expected one input Tensor."),
        (check_classify, signature(), "Expected one or two output Tensors, found 0"),
        (check_classify, signature(probs=SCORES), "at least one of"),
        (check_classify, signature({"x": SCORES}, scores=SCORES), "No classification inputs found"),
        (check_classify, signature({"inputs": SCORES}, scores=SCORES), "but it takes float32"),
        (check_regress, signature(outputs=SCORES, more=SCORES), "Expected one output Tensor."),
        (check_regress, signature(y=SCORES), "No regression outputs found in SignatureDef: {y}"),
    ],
)
def test_a_signature_that_is_not_for_examples(check: Any, asked: Signature, words: str) -> None:
    with pytest.raises(ServingError) as caught:
        check(asked)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"scores": np.zeros(2, np.float32)}, "batch_size num_classes. but got .2. for output sco"),
        ({"scores": np.zeros((3, 2), np.float32)}, "Expected output batch size of 2. Got: 3"),
        (
            {"scores": np.zeros((2, 2), np.float32), "classes": np.full((2, 3), b"", object)},
            "should match in shape",
        ),
        ({"scores": np.zeros((2, 2))}, "Expected scores Tensor of DT_FLOAT, found float64"),
        ({"classes": np.zeros((2, 2))}, "Expected classes Tensor of DT_STRING"),
    ],
)
def test_outputs_that_are_no_classes(outputs: Any, words: str) -> None:
    with pytest.raises(ServingError, match=words):
        classifications(outputs, 2)


def test_numbers_may_be_a_column() -> None:
    values = np.array([1, 2], np.float32)
    assert regressions({"outputs": values}, 2).tolist() == [1, 2]
    assert regressions({"outputs": values[:, None]}, 2).tolist() == [1, 2]
    for wrong in (values, values[None], np.zeros((3, 2), np.float32)):
        with pytest.raises(ServingError, match="with a batch size of 3"):
            regressions({"outputs": wrong}, 3)
