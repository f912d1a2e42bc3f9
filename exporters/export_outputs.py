"""What a signature answers, and as which kind of TensorFlow Serving's requests.

    PredictOutput({"probs": probs})              # Predict: any tensors, any receiver
    RegressionOutput(value)                      # Regress: `outputs`
    ClassificationOutput(scores, classes)        # Classify: `scores` and `classes`

The last two are fed serialised `tf.train.Example`s, and nothing else: one string tensor, `inputs`.
Their numbers are written as float32, the only kind that TensorFlow Serving answers such requests
with.
"""

import abc
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import tensorflow as tf

from kerasrun.exporters.class_labels import checked_labels, labelled
from kerasrun.exporters.receiver import TracedReceiver

SINGLE_OUTPUT = "output"
_SCORES = "ClassificationOutput: scores"


class ExportOutput(abc.ABC):
    """Base of the kinds of output; see `tf.estimator.export.ExportOutput`.

    Attributes:
        method_name: What TensorFlow Serving calls the kind of the signature.
    """

    method_name: ClassVar[str]

    @property
    @abc.abstractmethod
    def tensors(self) -> dict[str, tf.Tensor]:
        """The outputs of the signature by name."""

    @classmethod
    def fed_by(cls, receiver: TracedReceiver) -> TracedReceiver:
        """The receiver under the input names of this kind; the alternatives stay behind.

        Raises:
            ValueError: This kind cannot be fed so.
        """
        return receiver.renamed({})


class PredictOutput(ExportOutput):
    """Any tensors by name; see `tf.estimator.export.PredictOutput`.

    Args:
        outputs: Dict of name to tensor, `[batch, ...]`; a bare tensor is called `output`. A name
            may be a tuple of strings, which is joined by `/`.

    Raises:
        ValueError: There is none, a name is no string, a value is no tensor.
    """

    method_name = tf.saved_model.PREDICT_METHOD_NAME

    def __init__(self, outputs: Mapping[Any, Any] | Any) -> None:
        named = outputs if isinstance(outputs, Mapping) else {SINGLE_OUTPUT: outputs}
        if not named:
            raise ValueError(f"PredictOutput needs at least one output; received {outputs!r}.")
        self._outputs = {_name(key): _tensor(f"outputs[{key!r}]", t) for key, t in named.items()}

    @property
    def outputs(self) -> dict[str, tf.Tensor]:
        """The tensors by name."""
        return dict(self._outputs)

    @property
    def tensors(self) -> dict[str, tf.Tensor]:
        """The same, as every kind of output has it."""
        return self.outputs


class _OfExamples(ExportOutput):
    """A kind that TensorFlow Serving feeds with serialised `tf.train.Example`s."""

    @classmethod
    def fed_by(cls, receiver: TracedReceiver) -> TracedReceiver:
        """The receiver, its one string tensor under the name `inputs`."""
        specs = receiver.specs
        if len(specs) != 1 or next(iter(specs.values())).dtype != tf.string:
            found = ", ".join(f"{name!r} ({spec.dtype.name})" for name, spec in specs.items())
            raise ValueError(
                f"{cls.__name__} needs a receiver of one string tensor (serialised Examples), as "
                f"build_parsing_serving_input_receiver_fn makes it; this one takes {found}"
            )
        return receiver.renamed({next(iter(specs)): tf.saved_model.CLASSIFY_INPUTS})


class RegressionOutput(_OfExamples):
    """A number for each example; see `tf.estimator.export.RegressionOutput`.

    Args:
        value: Float tensor, `[batch]` or `[batch, 1]`.

    Raises:
        ValueError: It is no float tensor.
    """

    method_name = tf.saved_model.REGRESS_METHOD_NAME

    def __init__(self, value: Any) -> None:
        self._value = _float_tensor("RegressionOutput: value", value)
        self._served = _as_float32(self._value)

    @property
    def value(self) -> tf.Tensor:
        """The numbers."""
        return self._value

    @property
    def tensors(self) -> dict[str, tf.Tensor]:
        """`outputs`."""
        return {tf.saved_model.REGRESS_OUTPUTS: self._served}


class ClassificationOutput(_OfExamples):
    """Classes and their scores for each example; see `tf.estimator.export.ClassificationOutput`.

    Args:
        scores: Float tensor `[batch, classes]`.
        classes: String tensor `[batch, classes]`, the labels in the order of the scores.

    Raises:
        ValueError: Both are missing, `scores` is no float tensor, `classes` no string tensor.
    """

    method_name = tf.saved_model.CLASSIFY_METHOD_NAME

    def __init__(self, scores: Any = None, classes: Any = None) -> None:
        if scores is None and classes is None:
            raise ValueError("ClassificationOutput needs scores, classes, or both; neither given.")
        if scores is not None:
            _float_tensor(_SCORES, scores)
        if classes is not None and _tensor("ClassificationOutput: classes", classes).dtype != (
            tf.string
        ):
            raise ValueError(
                f"ClassificationOutput: classes must be a string tensor; received {classes!r}."
            )
        self._scores, self._classes = scores, classes
        self._served = None if scores is None else _as_float32(scores)

    @staticmethod
    def with_classes(labels: Iterable[str | bytes]) -> "type[ClassificationOutput]":
        """Returns the kind of output that tells these labels beside the scores.

        For `model_to_estimator(export_outputs={"species": ClassificationOutput.with_classes(
        ["setosa", "versicolor", "virginica"])})`. As many labels as scores are checked when the
        model is exported.

        Args:
            labels: One for each score, in their order. Two of them also serve a model that answers
                `[batch, 1]`, the probability of the second: the scores become `[1 - p, p]`.

        Raises:
            TypeError: A label is no text.
            ValueError: There is none, or two are the same.
        """
        checked = checked_labels(labels)

        class WithClasses(ClassificationOutput):
            """Scores with labels that are known beforehand."""

            def __init__(self, scores: Any) -> None:
                super().__init__(*labelled(_float_tensor(_SCORES, scores), checked))

        WithClasses.__name__ = WithClasses.__qualname__ = ClassificationOutput.__name__
        return WithClasses

    @property
    def scores(self) -> tf.Tensor | None:
        """The scores; None where only classes are told."""
        return self._scores

    @property
    def classes(self) -> tf.Tensor | None:
        """The labels; None where only scores are told."""
        return self._classes

    @property
    def tensors(self) -> dict[str, tf.Tensor]:
        """Those of `classes` and `scores` that there are."""
        names = (tf.saved_model.CLASSIFY_OUTPUT_CLASSES, tf.saved_model.CLASSIFY_OUTPUT_SCORES)
        both = zip(names, (self._classes, self._served), strict=True)
        return {name: tensor for name, tensor in both if tensor is not None}


def _name(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    if not parts or not all(isinstance(part, str) for part in parts):
        raise ValueError(
            f"PredictOutput: the name of an output must be a string, or a tuple of strings; "
            f"found {key!r}."
        )
    return "/".join(parts)


def _tensor(what: str, value: Any) -> tf.Tensor:
    if not isinstance(value, tf.Tensor):
        raise ValueError(f"{what} must be a dense tensor; received {value!r}.")
    return value


def _float_tensor(what: str, value: Any) -> tf.Tensor:
    if not _tensor(what, value).dtype.is_floating:
        raise ValueError(f"{what} must be a float tensor; received one of {value.dtype.name}.")
    return value


def _as_float32(value: tf.Tensor) -> tf.Tensor:
    return value if value.dtype == tf.float32 else tf.cast(value, tf.float32)
