"""The metrics of a Keras model: what they are called, and their values in Python or in a graph."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasrun.bridge.batch_means import BatchMeans
from kerasrun.bridge.metric_names import MetricNames

_TRACKED = "tracked"  # whether Keras's running loss is under way


class KerasMetrics:
    """`loss` as the mean over batches, the compiled metrics, and what steps of the user's return.

    Args:
        model: The compiled model.
        names: How its metrics are called in results.
    """

    def __init__(self, model: keras.Model, names: MetricNames) -> None:
        self._model, self._names = model, names
        self.means = BatchMeans()

    def results(self) -> dict[str, np.ndarray[Any, Any]]:
        """The values by name."""
        found = {k: np.asarray(v)[()] for k, v in self._kept().items()}
        return self._joined(found, self.means.results(), tracked=self._is_tracked())

    def tensors(self) -> dict[str, tf.Tensor]:
        """The metrics that Keras keeps, as tensors; without `loss`."""
        found = self._names.renamed(self._kept())
        return {name: tf.convert_to_tensor(v) for name, v in found.items() if name != "loss"}

    def reset(self) -> None:
        """Starts the metrics anew."""
        self._model.reset_metrics()
        self.means.reset()

    @property
    def are_graph_code(self) -> bool:
        """Whether a graph can read and reset them: others than Keras's may hold Python state."""
        return all(_is_keras_own(metric) for metric in self._model.metrics)

    def taken(self) -> dict[str, tf.Tensor]:
        """Reads the scalars and starts all anew, in a graph that is traced; see `of_taken`."""
        found = {f"kept/{k}": tf.convert_to_tensor(v) for k, v in self._kept().items()}
        found |= {f"mean/{name}": mean for name, mean in self.means.tensors().items()}
        tracker = self._tracker()
        found[_TRACKED] = tf.constant(0.0) if tracker is None else tracker.count.value
        scalars = {k: tf.identity(v) for k, v in found.items() if v.shape.rank == 0}
        self.reset()
        return scalars

    def of_taken(self, values: Mapping[str, float]) -> dict[str, np.ndarray[Any, Any]]:
        """What `results` would have been, by the values that the tensors of `taken` had."""
        parts: dict[str, dict[str, Any]] = {"kept": {}, "mean": {}}
        for key, value in values.items():
            if key != _TRACKED:
                part, name = key.split("/", 1)
                parts[part][name] = np.float32(value)
        return self._joined(parts["kept"], parts["mean"], tracked=values[_TRACKED] > 0)

    def check_names(self) -> None:
        """Compares the map of names with the metrics there are.

        Raises:
            ValueError: It names others, or not all.
        """
        if not self._names.given:
            return
        compiled_loss = self._model._compile_loss
        by_output = {m.name for m in compiled_loss.metrics} if compiled_loss is not None else set()
        kept = {*self._kept(), *self.means.names} - {"loss"}
        self._names.check(sorted(kept - by_output), by_output)

    def _joined(
        self, kept: Mapping[str, Any], means: Mapping[str, Any], *, tracked: bool
    ) -> dict[str, Any]:
        means = {k: v for k, v in means.items() if not (tracked and k == "loss")}
        return self._names.renamed({**kept, **means})

    def _kept(self) -> dict[str, Any]:
        """The metrics that Keras keeps; one called `loss` steps aside for the loss itself."""
        found = dict(self._model.get_metrics_result())
        compiled = self._model._compile_metrics
        if compiled is not None and compiled.built and "loss" in (own := compiled.result()):
            found["loss_1"] = own["loss"]
        return found

    def _tracker(self) -> Any:
        return getattr(self._model, "_loss_tracker", None)

    def _is_tracked(self) -> bool:
        """Whether a step of the user's own keeps Keras's running loss: then it is the loss."""
        tracker = self._tracker()
        return tracker is not None and bool(tracker.count > 0)


def _is_keras_own(metric: keras.Metric) -> bool:
    inner = getattr(metric, "metrics", None) or []
    return type(metric).__module__.startswith("keras.") and all(map(_is_keras_own, inner))
