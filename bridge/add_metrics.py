"""`add_metrics`: more metrics for the evaluations of an Estimator that exists already.

A metric function is traced with the evaluation. It may answer with Keras metrics that it has
updated, or with pairs of v1 (`tf.compat.v1.metrics.auc(...)`), which live in a graph of their own.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun.bridge.estimator import Estimator
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_fn.program import ModelFnProgram
from kerasrun.bridge.program import Program

MetricFn = Callable[..., Mapping[str, Any]]
_OFFERED = ("labels", "predictions", "features", "config")


def add_metrics(estimator: Estimator, metric_fn: MetricFn) -> Estimator:
    """Returns an Estimator whose evaluations have more metrics; see `tf.estimator.add_metrics`.

    It shares the model, the `model_dir` and the config of the given one.

    Args:
        estimator: The Estimator.
        metric_fn: Takes those of `labels`, `predictions` (a dict by output name), `features` and
            `config` that it names; returns a dict of name to an updated `keras.metrics.Metric`, or
            to a pair (value, update operation) as `tf.compat.v1.metrics` gives it. A name that the
            model has too wins.

    Raises:
        ValueError: `metric_fn` takes an argument of another name.
    """
    names = _checked_arguments(metric_fn)

    def added(labels: Any, predictions: Any, features: Any) -> Mapping[str, Any]:
        offered = {"labels": labels, "predictions": predictions, "features": features}
        offered["config"] = estimator.config
        return metric_fn(**{name: offered[name] for name in names})

    given = estimator.program
    program: Program = _WithMetrics(given, added)
    if isinstance(given, ModelFnProgram):
        program = given.with_metrics(added)
    return Estimator.of(program, config=estimator.config, params=estimator.params)


def _checked_arguments(metric_fn: MetricFn) -> list[str]:
    names = list(inspect.signature(metric_fn).parameters)
    unknown = [name for name in names if name not in _OFFERED]
    if unknown:
        raise ValueError(
            f"metric_fn may take {', '.join(_OFFERED)}; it takes {', '.join(map(repr, unknown))}."
        )
    return names


class _WithMetrics:
    """A program with more metrics in its evaluations; otherwise as it is."""

    def __init__(self, program: Program, metric_fn: MetricFn) -> None:
        self._program = program
        self._metric_fn = metric_fn
        self._added: _OfKeras | _OfV1 | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._program, name)

    @property
    def unwrapped(self) -> Program:
        """The program of the model itself."""
        return getattr(self._program, "unwrapped", self._program)

    def build(self, spec: Example, *, mode: str) -> None:
        """Builds the program, and makes the metrics for batches of this structure."""
        self._program.build(spec, mode=mode)
        if mode != ModeKeys.EVAL or spec.labels is None or self._added is not None:
            return
        self._program.build(spec, mode=ModeKeys.PREDICT)
        predict = tf.function(self._program.predict_step, autograph=False)
        predicted = predict.get_concrete_function(spec.features).structured_outputs
        specs = tf.nest.map_structure(_of_any_batch, (spec.labels, predicted, spec.features))
        try:
            self._added = _OfKeras(self._metric_fn, specs)
        except RuntimeError as error:  # v1 metrics refuse to be made outside a graph
            if "eager execution" not in str(error):
                raise
            self._added = _OfV1(self._metric_fn, specs)

    def eval_step(self, batch: Example) -> tf.Tensor:
        """Adds one batch to all metrics."""
        loss = self._program.eval_step(batch)
        if self._added is not None:
            predictions = self._program.predict_step(batch.features)
            self._added.update((batch.labels, predictions, batch.features))
        return loss

    def metric_results(self, *, training: bool = False) -> dict[str, np.ndarray[Any, Any]]:
        """The model's, and of an evaluation those added."""
        results = self._program.metric_results(training=training)
        return results if training or self._added is None else results | self._added.results()

    def reset_metrics(self) -> None:
        """Starts all metrics anew."""
        self._program.reset_metrics()
        if self._added is not None:
            self._added.reset()


class _OfKeras:
    """Keras metrics that a function makes and updates.

    It makes new ones each time that it is called, as it is for each trace. The variables of the
    first, made here with a batch of zeros, serve them all.
    """

    def __init__(self, metric_fn: MetricFn, specs: Any) -> None:
        self._metric_fn = metric_fn
        self._variables: list[tf.Variable] = []

        def create(next_creator: Any, **arguments: Any) -> tf.Variable:
            self._variables.append(next_creator(**arguments))
            return self._variables[-1]

        with tf.variable_creator_scope(create):
            self._metrics = dict(metric_fn(*tf.nest.map_structure(_zeros, specs)))
        for name, metric in self._metrics.items():
            if not isinstance(metric, keras.Metric):
                raise TypeError(
                    "metric_fn must return updated keras.metrics.Metrics, or pairs (value, update "
                    f"operation) of tf.compat.v1.metrics; {name!r} is {metric!r}."
                )

    def update(self, given: tuple[Any, ...]) -> None:
        """Adds one batch. Called while a `tf.function` is traced."""
        made = iter(self._variables)
        with tf.variable_creator_scope(lambda next_creator, **arguments: next(made)):
            self._metric_fn(*given)

    def results(self) -> dict[str, np.ndarray[Any, Any]]:
        """The metrics' results by name."""
        return {name: np.asarray(metric.result())[()] for name, metric in self._metrics.items()}

    def reset(self) -> None:
        """Starts them anew."""
        for metric in self._metrics.values():
            metric.reset_state()


class _OfV1:
    """Pairs (value, update operation) of `tf.compat.v1.metrics`, in a graph of their own."""

    def __init__(self, metric_fn: MetricFn, specs: Any) -> None:
        flat = tf.nest.flatten(specs, expand_composites=True)
        pairs: dict[str, Any] = {}

        def run(*fed: Any) -> list[Any]:
            pairs.update(metric_fn(*tf.nest.pack_sequence_as(specs, fed, expand_composites=True)))
            return []

        wrapped = tf.compat.v1.wrap_function(run, flat)
        updates = [update for _, update in pairs.values()]
        self._update = wrapped.prune(wrapped.inputs[: len(flat)], updates)
        self._values = wrapped.prune([], {name: value for name, (value, _) in pairs.items()})
        self._used = tf.Variable(0.0, trainable=False)
        self._initial = [(v, v.numpy()) for v in wrapped.graph.variables]

    def update(self, given: tuple[Any, ...]) -> None:
        """Adds one batch. Called while a `tf.function` is traced."""
        updates = self._update(*tf.nest.flatten(given, expand_composites=True))
        # A call whose results nobody uses is left out, updates and all.
        self._used.assign(tf.add_n([tf.reduce_sum(tf.cast(u, tf.float32)) for u in updates]))

    def results(self) -> dict[str, np.ndarray[Any, Any]]:
        """The metrics' values by name."""
        return {name: value.numpy() for name, value in self._values().items()}

    def reset(self) -> None:
        """Starts them anew."""
        for variable, value in self._initial:
            variable.assign(value)


def _of_any_batch(spec: tf.TensorSpec) -> tf.TensorSpec:
    return tf.TensorSpec([None, *spec.shape[1:]], spec.dtype) if spec.shape.rank else spec


def _zeros(spec: tf.TensorSpec) -> tf.Tensor:
    return tf.zeros([size or 1 for size in spec.shape], spec.dtype)
