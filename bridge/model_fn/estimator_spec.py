"""What a `model_fn` returns."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.hooks.session import checked_hooks
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.suggest import did_you_mean
from kerasrun.exporters import ExportOutput, PredictOutput

_MODES = (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT)
_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class _Fields(NamedTuple):
    mode: str
    predictions: Any
    loss: Any
    train_op: Any
    eval_metric_ops: dict[str, Any]
    export_outputs: dict[str, ExportOutput] | None
    training_chief_hooks: tuple[Any, ...]
    training_hooks: tuple[Any, ...]
    scaffold: Any
    evaluation_hooks: tuple[Any, ...]
    prediction_hooks: tuple[Any, ...]


class EstimatorSpec(_Fields):
    """What a `model_fn` returns; see `tf.estimator.EstimatorSpec`.

    Args:
        mode: One of `ModeKeys`.
        predictions: Dict of name to tensor `[batch, ...]`, or one tensor. Needed to predict.
        loss: Float tensor, a scalar or of shape `[1]`. Needed to train and to evaluate.
        train_op: Operation, or tensor, that does one update. Needed to train.
        eval_metric_ops: Dict of name to a pair (value, update operation), as
            `tf.compat.v1.metrics` gives it, or to an updated `keras.metrics.Metric`.
        export_outputs: Dict of signature name to `PredictOutput`, `RegressionOutput` or
            `ClassificationOutput`. With several of them one must be called `serving_default`. None:
            the predictions are served.
        training_chief_hooks: `SessionRunHook`s of the chief's training.
        training_hooks: `SessionRunHook`s of every training.
        scaffold: `tf.compat.v1.train.Scaffold`, with what is to be initialised or restored.
        evaluation_hooks: `SessionRunHook`s of an evaluation.
        prediction_hooks: `SessionRunHook`s of a prediction.

    Raises:
        ValueError: What the mode needs is missing, the loss is no scalar, or the export outputs
            have no default.
        TypeError: A field is of another type than told here.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: Mapping[str, Any] | None = None,
        export_outputs: Mapping[str, ExportOutput] | None = None,
        training_chief_hooks: Iterable[Any] | None = None,
        training_hooks: Iterable[Any] | None = None,
        scaffold: Any = None,
        evaluation_hooks: Iterable[Any] | None = None,
        prediction_hooks: Iterable[Any] | None = None,
    ) -> Self:
        """Checks the fields and makes the tuple."""
        if mode not in _MODES:
            raise ValueError(
                f"EstimatorSpec: mode must be one of {list(_MODES)}; received {mode!r}."
                f"{did_you_mean(str(mode), _MODES)}"
            )
        needed = {
            "loss": loss if mode != ModeKeys.PREDICT else True,
            "train_op": train_op if mode == ModeKeys.TRAIN else True,
            "predictions": predictions if mode == ModeKeys.PREDICT else True,
        }
        for name, given in needed.items():
            if given is None:
                raise ValueError(f"EstimatorSpec: the mode {mode!r} needs {name}; it is missing.")
        if scaffold is not None and not isinstance(scaffold, v1.train.Scaffold):
            raise TypeError(
                "EstimatorSpec: scaffold must be a tf.compat.v1.train.Scaffold; received "
                f"{scaffold!r}."
            )
        return super().__new__(
            cls,
            mode,
            _checked_predictions(predictions),
            None if loss is None or mode == ModeKeys.PREDICT else _scalar(loss),
            _checked_train_op(train_op) if mode == ModeKeys.TRAIN else train_op,
            _checked_metrics(eval_metric_ops),
            _checked_outputs(export_outputs, predictions) if mode == ModeKeys.PREDICT else None,
            checked_hooks(training_chief_hooks),
            checked_hooks(training_hooks),
            scaffold,
            checked_hooks(evaluation_hooks),
            checked_hooks(prediction_hooks),
        )


def _checked_predictions(predictions: Any) -> Any:
    if predictions is None:
        return {}
    named = predictions if isinstance(predictions, Mapping) else {"predictions": predictions}
    for name, value in named.items():
        if not tf.is_tensor(value):
            raise TypeError(
                f"EstimatorSpec: predictions[{name!r}] must be a tensor; received {value!r}."
            )
    return dict(predictions) if isinstance(predictions, Mapping) else predictions


def _scalar(loss: Any) -> tf.Tensor:
    tensor = tf.convert_to_tensor(loss)
    if tensor.shape.rank == 0:
        return tensor
    if tensor.shape.num_elements() not in (None, 1):  # of batches of one, it may not be known
        raise ValueError(
            f"EstimatorSpec: loss must be a scalar; received a tensor of shape {tensor.shape}. "
            "Reduce it over the batch, with tf.reduce_mean for example."
        )
    return tf.reshape(tensor, [])


def _checked_train_op(train_op: Any) -> Any:
    if not (tf.is_tensor(train_op) or isinstance(train_op, (tf.Operation, tf.Variable))):
        raise TypeError(
            "EstimatorSpec: train_op must be an operation or a tensor, as "
            f"optimizer.minimize(loss, global_step) gives it; received {train_op!r}."
        )
    return train_op


def _checked_metrics(metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    if metrics is not None and not isinstance(metrics, Mapping):
        raise TypeError(
            f"EstimatorSpec: eval_metric_ops must be a dict of name to metric; received {metrics!r}"
        )
    checked = dict(metrics or {})
    for name, metric in checked.items():
        if name in ("loss", "global_step"):
            raise ValueError(
                f"EstimatorSpec: eval_metric_ops may not be called {name!r}: every result has that."
            )
        pair = isinstance(metric, tuple) and len(metric) == 2
        if not pair and not hasattr(metric, "update_state"):
            raise TypeError(
                f"EstimatorSpec: eval_metric_ops[{name!r}] must be a pair (value, update "
                "operation), as tf.compat.v1.metrics gives it, or a keras.metrics.Metric; received "
                f"{metric!r}."
            )
    return checked


def _checked_outputs(
    outputs: Mapping[str, ExportOutput] | None, predictions: Any
) -> dict[str, ExportOutput]:
    """The export outputs by signature name; one of them is `serving_default`."""
    if outputs is None:
        return {_DEFAULT: PredictOutput(predictions)}
    if not isinstance(outputs, Mapping):
        raise TypeError(
            "EstimatorSpec: export_outputs must be a dict of signature name to output; received "
            f"{outputs!r}."
        )
    for name, output in outputs.items():
        if not isinstance(output, ExportOutput):
            raise TypeError(
                f"EstimatorSpec: export_outputs[{name!r}] must be a PredictOutput, a "
                f"RegressionOutput or a ClassificationOutput; received {output!r}."
            )
    found = dict(outputs)
    if len(found) == 1:
        found.setdefault(_DEFAULT, next(iter(found.values())))
    if _DEFAULT not in found:
        raise ValueError(
            f"EstimatorSpec: with several export_outputs one must be called {_DEFAULT!r}; found "
            f"{sorted(found)}."
        )
    return found
