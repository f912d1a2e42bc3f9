"""A compiled Keras model as a `Program`."""

import contextlib
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun.bridge.checkpoint_files import restore
from kerasrun.bridge.embedding_lookup import rows_only
from kerasrun.bridge.feature_keys import FeatureKeys
from kerasrun.bridge.hooks.session import HookSession
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.keras_compilation import (
    check_not_compiled_again,
    compilation,
    is_keras_own,
)
from kerasrun.bridge.keras_metrics import KerasMetrics
from kerasrun.bridge.keras_optimizer import keeps_averages, unused
from kerasrun.bridge.keras_signatures import keras_signatures
from kerasrun.bridge.metric_names import MetricNames
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.replica import Replica
from kerasrun.bridge.sparse_updates import SparseUpdates
from kerasrun.bridge.symbolic_build import call_symbolically
from kerasrun.bridge.symbols import is_nothing, symbol_of
from kerasrun.bridge.variable_names import (
    VariableNames,
    model_variables,
    optimizer_variables,
    trainable_variables,
)
from kerasrun.bridge.warm_start import WarmStart
from kerasrun.exporters import ExportOutput, Signature, TracedReceiver, resources_of


class KerasProgram:
    """See `kerasrun.bridge.program.Program`.

    The user's model is used itself, not a copy: it stays usable and holds what was trained last.
    Weights that it has when the Estimator is made are the initial state; an optimizer that has
    been used is replaced by a fresh one of the same configuration, as its state belongs to
    another training.

    Args:
        model: A compiled `keras.Model`, built or not.
        metric_names: How its metrics are called in results.
        export_outputs: For names of outputs, as what a served model offers them beside.
        warm_start: What the initial state takes from another training.
    """

    bare_prediction = None
    custom_restore = False
    any_shape = True

    def __init__(
        self,
        model: keras.Model,
        metric_names: MetricNames | None = None,
        export_outputs: Mapping[str, type[ExportOutput]] | None = None,
        warm_start: WarmStart | None = None,
    ) -> None:
        self.model = model
        self.export_outputs: Mapping[str, type[ExportOutput]] = dict(export_outputs or {})
        self.metrics = KerasMetrics(model, metric_names or MetricNames())
        self._warm_start = warm_start
        self.keys = FeatureKeys(model)
        self.global_step = tf.Variable(0, dtype=tf.int64, trainable=False, name="global_step")
        self._optimizer = unused(model.optimizer)
        self.sparse_updates = SparseUpdates()
        self.replica = Replica()
        self._compiled = compilation(model)
        self.run_eagerly = bool(model.run_eagerly)
        self.has_plain_train_step = is_keras_own(model, "train_step")
        self._plain_test_step = is_keras_own(model, "test_step")
        self._plain_predict_step = is_keras_own(model, "predict_step")
        # Of a model that is not built, another Estimator may be the first to train it.
        self._initial = _values(model_variables(model)) if model.built else {}

    def default_receiver_specs(self) -> dict[str, tf.TensorSpec] | None:
        """The features that a served model asks for, by their keys; None if it is not built."""
        return self.keys.specs

    def build(self, spec: Example, *, mode: str) -> None:
        """Creates every variable that batches of this structure need."""
        self.activate()
        if not self.model.built:
            inputs = tf.nest.map_structure(symbol_of, self.keys.features(spec.features))
            call_symbolically(self.model, inputs)
            _as_built[self.model] = _values(model_variables(self.model))
        needed = mode == ModeKeys.TRAIN or self._warm_start or keeps_averages(self._optimizer)
        if needed and not self._optimizer.built:
            self._optimizer.build(self.model.trainable_variables)
        if not is_nothing(spec.labels):
            self._build_metrics(spec)
        self._remember_initial()
        self.keys.check_outputs(list(self.export_outputs))

    def activate(self) -> None:
        """Gives the model this program's optimizer.

        Raises:
            ValueError: The model was compiled anew after it became an Estimator.
        """
        check_not_compiled_again(self.model, self._compiled)
        if self.model.optimizer is not self._optimizer:
            self.model.optimizer = self._optimizer

    def variables(self) -> dict[str, tf.Variable]:
        """The model's state and, once it is built, the optimizer's."""
        found = model_variables(self.model)
        if self._optimizer.built:
            found |= optimizer_variables(self.model, self._optimizer)
        return found

    def trained_variables(self) -> dict[str, tf.Variable]:
        """The model's trainable weights."""
        return trainable_variables(self.model)

    def served_variables(self) -> dict[str, tf.Variable]:
        """The model's state; optimizer and metrics stay behind."""
        return model_variables(self.model)

    def served_resources(self) -> list[Any]:
        """The lookup tables of its layers."""
        return list(resources_of(self.model))

    def accumulators(self) -> dict[str, tf.Variable]:
        """What the metrics have added up."""
        names = VariableNames(self.model)
        found = {f"metrics/{names.name(v.path)}": v.value for v in self.model.metrics_variables}
        return found | {f"metrics/{k}": v for k, v in self.metrics.means.variables.items()}

    def restore(self, path: str, variables: Mapping[str, tf.Variable]) -> None:
        """Gives these variables the values of the checkpoint `path`; it holds no other weights."""
        restore(path, variables, whole=True)

    def reset_to_initial(self) -> None:
        """Puts every variable back to what it was when first seen, then starts it warm."""
        variables = self.variables()
        for name, variable in variables.items():
            # What a step makes when it is traced has its initial value still.
            variable.assign(self._initial.setdefault(name, variable.numpy()))
        self.global_step.assign(0)
        if self._warm_start is not None:
            self._warm_start.apply(variables, self.trained_variables())

    def loaded(self) -> None:
        """Finds anew what follows from the variables."""
        self.sparse_updates.loaded()

    def finalize(self) -> None:
        """As at the end of `keras.Model.fit`: takes over moving averages that the optimizer has."""
        if keeps_averages(self._optimizer) and self.global_step > 0:
            self._optimizer.finalize_variable_values(self.model.trainable_weights)

    def train_step(self, batch: Example) -> tf.Tensor:
        """One update, as `keras.Model.fit` does it; the model's own `train_step` if it has one."""
        data = self._data(batch)
        if not self.has_plain_train_step:
            return self._custom_step(self.model.train_step, data)
        model, view = self.model, self.replica.view
        with tf.GradientTape() as tape:
            data, outputs = self._answered(data, training=True)
            x, y, sample_weight = data
            loss = target = model._compute_loss(x, y, outputs, sample_weight, training=True)
            if view is not None:
                target = view.to_differentiate(loss)
            scaled = self._optimizer.scale_loss(target)
        self._add_batch(loss, data, outputs)
        if weights := model.trainable_weights:
            gradients = tape.gradient(scaled, weights)
            with self.sparse_updates.of(self._optimizer):
                self._optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss

    def eval_step(self, batch: Example) -> tf.Tensor:
        """One batch of `keras.Model.evaluate`; the model's own `test_step` if it has one."""
        data = self._data(batch)
        if not self._plain_test_step:
            return self._custom_step(self.model.test_step, data)
        data, outputs = self._answered(data, training=False)
        x, y, sample_weight = data
        loss = self.model._compute_loss(x, y, outputs, sample_weight, training=False)
        return self._add_batch(loss, data, outputs)

    def predict_step(self, features: Any) -> dict[str, tf.Tensor]:
        """The model's outputs by name; what its own `predict_step` returns if it has one."""
        if self._plain_predict_step:
            return self.keys.named_outputs(self.outputs(features))
        x = self.keys.features(features)
        return self.keys.named_outputs(self.model.predict_step((x,)))

    def outputs(self, features: Any) -> Any:
        """What the model itself answers, in a structure of its own."""
        return self._call(self.keys.features(features), training=False)

    def metric_results(self, *, training: bool = False) -> dict[str, np.ndarray[Any, Any]]:
        """`loss` (mean over batches) and the compiled metrics."""
        return self.metrics.results()

    def metric_tensors(self) -> dict[str, tf.Tensor]:
        """The metrics that Keras keeps, without `loss`."""
        return self.metrics.tensors()

    @property
    def graph_metrics(self) -> KerasMetrics | None:
        """The metrics, if a graph can read and reset them."""
        return self.metrics if self.metrics.are_graph_code and not self.run_eagerly else None

    def forward(self, batch: Example, *, training: bool) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The loss of a batch and the outputs by name; changes nothing, not even moving averages.

        The model's losses and metrics must be built: by a step traced before.
        """
        x, y, sample_weight = self._data(batch)
        with keras.StatelessScope():
            outputs = self._call(x, training=training)
            loss = self.model._compute_loss(x, y, outputs, sample_weight, training=training)
        return loss, self.keys.named_outputs(outputs)

    def reset_metrics(self) -> None:
        """Starts the metrics anew."""
        self.metrics.reset()

    def own_hooks(self, mode: str) -> tuple[()]:
        """A Keras model has none."""
        return ()

    def hook_session(
        self, mode: str, hooks: Sequence[Any], step: int, *, done: int = 0, **_: Any
    ) -> HookSession:
        """The hooks, beside a loop that has no graph; they may fetch the metrics."""
        return HookSession(hooks, mode, self.metric_results, step, done)

    def serving_signatures(self, receiver: TracedReceiver) -> list[Signature]:
        """All outputs, and those that were asked for by kind."""
        return keras_signatures(self.predict_step, self.export_outputs, receiver)

    def _build_metrics(self, spec: Example) -> None:
        """Makes the metrics' variables: a function that makes variables is traced twice."""
        if self.has_plain_train_step and self._plain_test_step:
            self.metrics.means.make("loss")
        elif not self.run_eagerly:
            return
        with contextlib.suppress(*(() if self.run_eagerly else (Exception,))):  # a trace will do it
            self.model._symbolic_build(
                data_batch=self._data(tf.nest.map_structure(symbol_of, spec))
            )

    def _remember_initial(self) -> None:
        self._initial = {
            **_values(self.variables()),
            **_as_built.get(self.model, {}),
            **self._initial,
        }

    def _data(self, batch: Example) -> tuple[Any, Any, Any]:
        features = self.keys.features(batch.features)
        weights = self.keys.sample_weights(batch.sample_weights)
        return features, self.keys.labels(batch.labels), weights

    def _call(self, x: Any, *, training: bool) -> Any:
        with rows_only(self.model):
            if self.model._call_has_training_arg:
                return self.model(x, training=training)
            return self.model(x)

    def _answered(self, data: tuple[Any, Any, Any], *, training: bool) -> tuple[Any, Any]:
        """The outputs, and what they are to be compared with."""
        outputs, view = self._call(data[0], training=training), self.replica.view
        return (data, outputs) if view is None else view.data(data, outputs)

    def _add_batch(self, loss: tf.Tensor, data: tuple[Any, Any, Any], outputs: Any) -> tf.Tensor:
        self.model.compute_metrics(*data[:2], outputs, data[2])
        self.metrics.means.add("loss", loss)
        self.metrics.check_names()
        return loss

    def _custom_step(self, step: Any, data: tuple[Any, Any, Any]) -> tf.Tensor:
        """A step of the user's own: what it returns beside its metrics is averaged over batches."""
        with rows_only(self.model), self.sparse_updates.of(self._optimizer):
            logs = step(keras.utils.pack_x_y_sample_weight(*data))
        kept_by_metrics = set(self.model.get_metrics_result()) - {"loss"}
        for name, value in logs.items():
            if name not in kept_by_metrics:
                self.metrics.means.add(name, value)
        self.metrics.check_names()
        return logs.get("loss", tf.constant(0.0))


_as_built: weakref.WeakKeyDictionary[keras.Model, dict[str, Any]] = weakref.WeakKeyDictionary()


def _values(variables: Mapping[str, tf.Variable]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: variable.numpy() for name, variable in variables.items()}
