"""The `tf.estimator` namespace, on today's TensorFlow.

    from kerasrun import estimator as tf_estimator

    estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir="out")
    tf_estimator.train_and_evaluate(estimator, train_spec, eval_spec)

Importing it imports TensorFlow only when a name is asked for.
"""

from typing import TYPE_CHECKING

from kerasrun import experimental, export, inputs
from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.bridge.add_metrics import add_metrics
    from kerasrun.bridge.errors import NanLossDuringTrainingError
    from kerasrun.bridge.estimator import Estimator
    from kerasrun.bridge.hooks.checkpoint_saver import CheckpointSaverHook
    from kerasrun.bridge.hooks.logging_tensor import LoggingTensorHook
    from kerasrun.bridge.hooks.of_tensorflow import (
        CheckpointSaverListener,
        FeedFnHook,
        FinalOpsHook,
        GlobalStepWaiterHook,
        NanTensorHook,
        ProfilerHook,
        SecondOrStepTimer,
        SessionRunArgs,
        SessionRunContext,
        SessionRunHook,
        SessionRunValues,
        StepCounterHook,
        SummarySaverHook,
    )
    from kerasrun.bridge.hooks.stop_at_step import StopAtStepHook
    from kerasrun.bridge.mode_keys import ModeKeys
    from kerasrun.bridge.model_to_estimator import model_to_estimator
    from kerasrun.bridge.run_config import RunConfig
    from kerasrun.bridge.specs import EvalSpec, TrainSpec
    from kerasrun.bridge.training import train_and_evaluate
    from kerasrun.bridge.warm_start import WarmStartSettings
    from kerasrun.exporters import (
        BestExporter,
        CoreMLExporter,
        Exporter,
        FinalExporter,
        LatestExporter,
        OnnxExporter,
        TFLiteExporter,
    )

_OF_TENSORFLOW = "kerasrun.bridge.hooks.of_tensorflow"
_WHERE = {
    "add_metrics": "kerasrun.bridge.add_metrics",
    "BestExporter": "kerasrun.exporters",
    "CheckpointSaverHook": "kerasrun.bridge.hooks.checkpoint_saver",
    "CheckpointSaverListener": _OF_TENSORFLOW,
    "CoreMLExporter": "kerasrun.exporters",
    "Estimator": "kerasrun.bridge.estimator",
    "EvalSpec": "kerasrun.bridge.specs",
    "Exporter": "kerasrun.exporters",
    "FeedFnHook": _OF_TENSORFLOW,
    "FinalExporter": "kerasrun.exporters",
    "FinalOpsHook": _OF_TENSORFLOW,
    "GlobalStepWaiterHook": _OF_TENSORFLOW,
    "LatestExporter": "kerasrun.exporters",
    "LoggingTensorHook": "kerasrun.bridge.hooks.logging_tensor",
    "ModeKeys": "kerasrun.bridge.mode_keys",
    "model_to_estimator": "kerasrun.bridge.model_to_estimator",
    "NanLossDuringTrainingError": "kerasrun.bridge.errors",
    "NanTensorHook": _OF_TENSORFLOW,
    "OnnxExporter": "kerasrun.exporters",
    "ProfilerHook": _OF_TENSORFLOW,
    "RunConfig": "kerasrun.bridge.run_config",
    "SecondOrStepTimer": _OF_TENSORFLOW,
    "SessionRunArgs": _OF_TENSORFLOW,
    "SessionRunContext": _OF_TENSORFLOW,
    "SessionRunHook": _OF_TENSORFLOW,
    "SessionRunValues": _OF_TENSORFLOW,
    "StepCounterHook": _OF_TENSORFLOW,
    "StopAtStepHook": "kerasrun.bridge.hooks.stop_at_step",
    "SummarySaverHook": _OF_TENSORFLOW,
    "TFLiteExporter": "kerasrun.exporters",
    "train_and_evaluate": "kerasrun.bridge.training",
    "TrainSpec": "kerasrun.bridge.specs",
    "WarmStartSettings": "kerasrun.bridge.warm_start",
}

__all__ = [
    "BestExporter",
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "CoreMLExporter",
    "Estimator",
    "EvalSpec",
    "Exporter",
    "FeedFnHook",
    "FinalExporter",
    "FinalOpsHook",
    "GlobalStepWaiterHook",
    "LatestExporter",
    "LoggingTensorHook",
    "ModeKeys",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "OnnxExporter",
    "ProfilerHook",
    "RunConfig",
    "SecondOrStepTimer",
    "SessionRunArgs",
    "SessionRunContext",
    "SessionRunHook",
    "SessionRunValues",
    "StepCounterHook",
    "StopAtStepHook",
    "SummarySaverHook",
    "TFLiteExporter",
    "TrainSpec",
    "WarmStartSettings",
    "add_metrics",
    "experimental",
    "export",
    "inputs",
    "model_to_estimator",
    "train_and_evaluate",
]
__getattr__ = lazy_names(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
