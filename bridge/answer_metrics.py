"""The metrics of a model, computed of answers that come from elsewhere: from a converted model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.input_pipeline import Example, InputFn, dataset_from
from kerasrun.bridge.keras_program import KerasProgram
from kerasrun.bridge.mode_keys import ModeKeys

Answer = Callable[[Any], Mapping[str, np.ndarray[Any, Any]] | None]
_STEPS = ("test_step", "predict_step", "compute_metrics")


class MetricsOfAnswers(NamedTuple):
    """The metrics of two models on the same data, by name.

    Attributes:
        live: Of the Estimator's own model.
        given: Of the answers.
    """

    live: dict[str, float]
    given: dict[str, float]


def metrics_of_answers(
    estimator: Estimator, input_fn: InputFn, steps: int | None, answer: Answer
) -> MetricsOfAnswers | None:
    """Evaluates the model, with the weights that it holds, and another that shall answer as it.

    Nothing is written. `loss` is the mean over batches, as `Estimator.evaluate` has it; it is left
    out where outputs and labels do not tell it: where layers or a `compute_loss` add to it. Both
    losses are those of the outputs alone: where a probability is less than Keras's epsilon (1e-7),
    an evaluation, which knows the logits before a softmax, finds a larger loss.

    Args:
        estimator: Its program has been built.
        input_fn: Evaluation data with labels.
        steps: How many batches; None: until the data ends.
        answer: The other model: from a batch of features, as numpy arrays, to outputs by name
            `[batch, ...]`; None where it cannot be asked so.

    Returns:
        None where there is nothing to compute them of: no data or labels, features that are sparse
        or that `answer` does not take, a model with steps or metrics of its own.
    """
    program = estimator.program
    dataset = dataset_from(input_fn, ModeKeys.EVAL, estimator.params, estimator.config)
    spec = dataset.element_spec
    if not isinstance(program, KerasProgram) or not _are_told_by_outputs(program, spec):
        return None
    predict = tf.function(program.outputs, [spec.features], autograph=False)
    symbols = predict.get_concrete_function().structured_outputs
    outputs_spec = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), symbols)
    metrics, live, given = _Metrics(program, spec, outputs_spec), _Tally(), _Tally()
    for batch in dataset if steps is None else dataset.take(steps):
        answers = answer(tf.nest.map_structure(lambda tensor: tensor.numpy(), batch.features))
        outputs = predict(batch.features)
        like_them = _like(outputs, program.keys.named_outputs(outputs), answers or {})
        if like_them is None:
            return None
        metrics.add(live, batch, outputs)
        metrics.add(given, batch, like_them)
    found = MetricsOfAnswers(metrics.results(live), metrics.results(given))
    return found if found.live else None


def _are_told_by_outputs(program: KerasProgram, spec: Example) -> bool:
    model = program.model
    kept = [model._loss_tracker, model._compile_metrics, *_losses(model)]
    return (
        all(_is_keras_own(model, step) for step in _STEPS)
        and all(any(metric is each for each in kept) for metric in model.metrics)
        and spec.labels is not None
        and not isinstance(spec.labels, tf.NoneTensorSpec)
        and all(isinstance(each, tf.TensorSpec) for each in tf.nest.flatten(spec.features))
    )


def _losses(model: keras.Model) -> list[keras.Metric]:
    """Keras's means of the loss of each output, where there are several."""
    return list(model._compile_loss.metrics) if model._compile_loss is not None else []


def _is_keras_own(model: keras.Model, method: str) -> bool:
    return getattr(getattr(model, method), "__func__", None) is getattr(keras.Model, method)


def _like(outputs: Any, named: Mapping[str, tf.Tensor], answers: Mapping[str, Any]) -> Any:
    """Answers by name in the structure of a model's outputs; None if they are not of its shapes."""
    made = {}
    for name, output in named.items():
        if name not in answers or np.shape(answers[name]) != tuple(output.shape):
            return None
        made[name] = tf.constant(answers[name], output.dtype)
    if isinstance(outputs, Mapping):
        return made
    listed = list(made.values())
    if isinstance(outputs, (list, tuple)):
        return tuple(listed) if isinstance(outputs, tuple) else listed
    return listed[0]


@dataclass
class _Tally:
    """What the metrics have added up of one model's answers."""

    values: list[np.ndarray[Any, Any]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class _Metrics:
    """The one set of metrics that there is, lent to one tally at a time."""

    def __init__(self, program: KerasProgram, spec: Example, outputs_spec: Any) -> None:
        self._program, self._model = program, program.model
        self._tells_loss = _is_keras_own(self._model, "compute_loss") and not self._model.losses
        self._update = self._step
        if not program.run_eagerly:
            # Keras weights batches by their size where that is known beforehand: for all or none.
            self._update = tf.function(self._step, [spec, outputs_spec], autograph=False)

    def add(self, tally: _Tally, batch: Example, outputs: Any) -> None:
        """Adds one batch."""
        self._take(tally)
        tally.losses.append(float(self._update(batch, outputs)))
        tally.values = [each.numpy() for each in self._model.metrics_variables]

    def results(self, tally: _Tally) -> dict[str, float]:
        """The scalars by name; empty if nothing was added."""
        if not tally.losses:
            return {}
        self._take(tally)
        found = self._program.metric_results()
        self._program.reset_metrics()
        if self._tells_loss:
            found["loss"] = np.asarray(np.mean(tally.losses))
        else:
            names = ("loss", *(metric.name for metric in _losses(self._model)))
            found = {name: value for name, value in found.items() if name not in names}
        return {name: float(found[name]) for name in sorted(found) if np.ndim(found[name]) == 0}

    def _take(self, tally: _Tally) -> None:
        self._program.reset_metrics()
        variables = self._model.metrics_variables
        for variable, value in zip(variables, tally.values, strict=False):
            variable.assign(value)

    def _step(self, batch: Example, outputs: Any) -> tf.Tensor:
        keys, model = self._program.keys, self._model
        x, y = keys.features(batch.features), keys.labels(batch.labels)
        weights = keys.sample_weights(batch.sample_weights)
        loss = tf.constant(0.0)
        if self._tells_loss:
            loss = model.compute_loss(x, y, outputs, weights, training=False)
        model.compute_metrics(x, y, outputs, weights)
        return loss
