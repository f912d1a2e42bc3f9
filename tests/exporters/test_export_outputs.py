"""The kinds of output: what they take, and what signatures they make."""

from typing import Any

import pytest
import tensorflow as tf

from kerasrun.exporters import (
    ClassificationOutput,
    ExportOutput,
    PredictOutput,
    RegressionOutput,
    ServingInputReceiver,
    TracedReceiver,
    output_signatures,
    trace_receiver,
)

SCORES = tf.constant([[0.5, 0.5]])
CLASSES = tf.constant([["a", "b"]])


def fed_with(**dtypes: tf.DType) -> TracedReceiver:
    """A receiver of tensors `[batch]` of these dtypes."""

    def receiver_fn() -> ServingInputReceiver:
        fed = {n: tf.compat.v1.placeholder(dtype, [None], n) for n, dtype in dtypes.items()}
        return ServingInputReceiver(fed, fed)

    return trace_receiver(receiver_fn)


def test_predictions_have_any_names() -> None:
    output = PredictOutput({"a": SCORES, ("head", "b"): CLASSES})
    assert list(output.outputs) == ["a", "head/b"]
    assert list(PredictOutput(SCORES).outputs) == ["output"]
    assert output.outputs == output.tensors


def test_a_regression_has_one_output() -> None:
    output = RegressionOutput(value=SCORES)
    assert output.value is SCORES
    assert list(output.tensors) == ["outputs"]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"scores": SCORES}, {"scores"}),
        ({"classes": CLASSES}, {"classes"}),
        ({"scores": SCORES, "classes": CLASSES}, {"scores", "classes"}),
    ],
)
def test_a_classification_has_scores_and_classes(given: Any, names: set[str]) -> None:
    output = ClassificationOutput(**given)
    assert set(output.tensors) == names
    assert output.scores is given.get("scores")
    assert output.classes is given.get("classes")


THREE = tf.constant([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]])


def test_labels_stand_beside_the_scores_of_each_example() -> None:
    kind = ClassificationOutput.with_classes(["setosa", "versicolor", "vir\u00e9"])
    assert issubclass(kind, ClassificationOutput)
    tensors = kind(THREE).tensors
    assert tensors["scores"].numpy().tolist() == THREE.numpy().tolist()
    row = ["setosa", "versicolor", "vir\u00e9"]
    assert [[v.decode() for v in each] for each in tensors["classes"].numpy()] == [row, row]


@pytest.mark.parametrize("probability", [[[0.25], [1.0]], [0.25, 1.0]])
def test_the_probability_of_the_second_class_gives_the_first_one_s(probability: Any) -> None:
    tensors = ClassificationOutput.with_classes(["no", b"yes"])(tf.constant(probability)).tensors
    assert tensors["scores"].numpy().tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert tensors["classes"].numpy().tolist() == [[b"no", b"yes"]] * 2


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        (["a", "b"], THREE, r"2 labels \['a', 'b'\] for scores of the shape \[2, 3\]"),
        (["a", "b", "c"], SCORES, "Give one label for each score"),
        (["a", "b", "c"], SCORES[:, :1], "or two for the probability of the second"),
        (["a", "b"], THREE[:, None], "one label for each score of"),
        (["a"], SCORES, "1 labels"),
        (["a", "b"], CLASSES, "scores must be a float tensor"),
    ],
)
def test_labels_and_scores_are_as_many(labels: Any, scores: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClassificationOutput.with_classes(labels)(scores)


def test_scores_of_a_size_that_is_not_known_are_counted_when_they_come() -> None:
    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32)])
    def classify(scores: Any) -> Any:
        return ClassificationOutput.with_classes(["a", "b", "c"])(scores).tensors

    assert classify(THREE)["classes"].shape == (2, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"not compatible .*\[\?,3\]"):
        classify(SCORES)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ("abc", TypeError, "takes a list of texts, one for each class; received 'abc'"),
        (3, TypeError, "takes a list of texts"),
        ([0, 1], TypeError, r"must be a text; found 0 in \[0, 1\]. Numbers: \[str"),
        ([], ValueError, "needs at least one label"),
        (["a", "b", "a"], ValueError, "two classes have the label 'a'"),
        (["a", b"a"], ValueError, "two classes have the label b'a'"),
    ],
)
def test_labels_are_different_texts(labels: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        ClassificationOutput.with_classes(labels)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64])
def test_what_serving_answers_is_float32(dtype: tf.DType) -> None:
    scores = tf.cast(SCORES, dtype)
    for output in (ClassificationOutput(scores), RegressionOutput(scores)):
        (tensor,) = output.tensors.values()
        assert (tensor.dtype, tensor.numpy().tolist()) == (tf.float32, [[0.5, 0.5]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PredictOutput({}), "needs at least one output; received {}"),
        (lambda: PredictOutput({1: SCORES}), "must be a string, or a tuple of strings; found 1"),
        (lambda: PredictOutput({("a", 2): SCORES}), r"found \('a', 2\)"),
        (lambda: PredictOutput({"a": [1.0]}), r"outputs\['a'\] must be a dense tensor; rec"),
        (lambda: PredictOutput(1.0), "must be a dense tensor; received 1.0"),
        (lambda: RegressionOutput([1.0]), "value must be a dense tensor"),
        (lambda: RegressionOutput(CLASSES), "value must be a float tensor; received one of string"),
        (lambda: RegressionOutput(tf.constant([1])), "must be a float tensor; received one of int"),
        (lambda: ClassificationOutput(), "needs scores, classes, or both"),
        (lambda: ClassificationOutput(CLASSES), "scores must be a float tensor"),
        (lambda: ClassificationOutput(classes=SCORES), "classes must be a string tensor"),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_base_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ExportOutput()  # type: ignore[abstract]


@pytest.mark.parametrize("kind", [RegressionOutput, ClassificationOutput])
@pytest.mark.parametrize(
    "dtypes", [{"x": tf.float32}, {"x": tf.string, "y": tf.string}, {"x": tf.string, "y": tf.int64}]
)
def test_some_kinds_are_fed_with_one_string_tensor_only(kind: Any, dtypes: Any) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__} needs a receiver of one string tensor"):
        kind.fed_by(fed_with(**dtypes))
    assert list(kind.fed_by(fed_with(text=tf.string)).specs) == ["inputs"]
    assert list(PredictOutput.fed_by(fed_with(**dtypes)).specs) == list(dtypes)


def test_a_kind_of_ones_own_makes_signatures_too() -> None:
    class Doubled(PredictOutput):
        """Its outputs, doubled."""

        @property
        def tensors(self) -> dict[str, tf.Tensor]:
            return {name: 2.0 * tensor for name, tensor in self.outputs.items()}

    (signature,) = output_signatures(
        {"y": Doubled}, lambda f: {"y": f["x"]}, fed_with(x=tf.float32)
    )
    answer = signature.function({"x": tf.constant([3.0])})
    assert (signature.name, answer["output"].numpy().tolist()) == ("y", [6.0])
