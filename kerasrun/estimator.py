"""The `tf.estimator` namespace, on today's TensorFlow.

    from kerasrun import estimator as tf_estimator

    estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir="out")
    tf_estimator.train_and_evaluate(estimator, train_spec, eval_spec)

Importing it imports TensorFlow only when a name is asked for; except where TF_CONFIG names several
processes that train: then it waits for them, and joins them.
"""

import os
from typing import TYPE_CHECKING

from kerasrun import experimental, export, inputs
from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.bridge.add_metrics import add_metrics
    from kerasrun.bridge.canned.estimators import (
        BaselineClassifier,
        BaselineEstimator,
        BaselineRegressor,
        BinaryClassHead,
        DNNClassifier,
        DNNEstimator,
        DNNLinearCombinedClassifier,
        DNNLinearCombinedEstimator,
        DNNLinearCombinedRegressor,
        DNNRegressor,
        Head,
        LinearClassifier,
        LinearEstimator,
        LinearRegressor,
        LogisticRegressionHead,
        MultiClassHead,
        MultiHead,
        MultiLabelHead,
        PoissonRegressionHead,
        RegressionHead,
    )
    from kerasrun.bridge.errors import NanLossDuringTrainingError
    from kerasrun.bridge.estimator import Estimator
    from kerasrun.bridge.forward_features import forward_features
    from kerasrun.bridge.hooks.checkpoint_saver import CheckpointSaverHook
    from kerasrun.bridge.hooks.logging_tensor import LoggingTensorHook
    from kerasrun.bridge.hooks.of_tensorflow import (
        CheckpointSaverListener,
        FeedFnHook,
        FinalOpsHook,
        GlobalStepWaiterHook,
        NanTensorHook,
        SecondOrStepTimer,
        SessionRunArgs,
        SessionRunContext,
        SessionRunHook,
        SessionRunValues,
        StepCounterHook,
        SummarySaverHook,
    )
    from kerasrun.bridge.hooks.profiler import ProfilerHook
    from kerasrun.bridge.hooks.stop_at_step import StopAtStepHook
    from kerasrun.bridge.mode_keys import ModeKeys
    from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
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

_PREMADE = "kerasrun.bridge.canned.estimators"
_OF_TENSORFLOW = "kerasrun.bridge.hooks.of_tensorflow"
_WHERE = {
    "add_metrics": "kerasrun.bridge.add_metrics",
    "BaselineClassifier": _PREMADE,
    "BaselineEstimator": _PREMADE,
    "BaselineRegressor": _PREMADE,
    "BestExporter": "kerasrun.exporters",
    "BinaryClassHead": _PREMADE,
    "CheckpointSaverHook": "kerasrun.bridge.hooks.checkpoint_saver",
    "CheckpointSaverListener": _OF_TENSORFLOW,
    "CoreMLExporter": "kerasrun.exporters",
    "DNNClassifier": _PREMADE,
    "DNNEstimator": _PREMADE,
    "DNNLinearCombinedClassifier": _PREMADE,
    "DNNLinearCombinedEstimator": _PREMADE,
    "DNNLinearCombinedRegressor": _PREMADE,
    "DNNRegressor": _PREMADE,
    "Estimator": "kerasrun.bridge.estimator",
    "EstimatorSpec": "kerasrun.bridge.model_fn.estimator_spec",
    "EvalSpec": "kerasrun.bridge.specs",
    "Exporter": "kerasrun.exporters",
    "FeedFnHook": _OF_TENSORFLOW,
    "FinalExporter": "kerasrun.exporters",
    "FinalOpsHook": _OF_TENSORFLOW,
    "forward_features": "kerasrun.bridge.forward_features",
    "GlobalStepWaiterHook": _OF_TENSORFLOW,
    "Head": _PREMADE,
    "LatestExporter": "kerasrun.exporters",
    "LinearClassifier": _PREMADE,
    "LinearEstimator": _PREMADE,
    "LinearRegressor": _PREMADE,
    "LoggingTensorHook": "kerasrun.bridge.hooks.logging_tensor",
    "LogisticRegressionHead": _PREMADE,
    "ModeKeys": "kerasrun.bridge.mode_keys",
    "model_to_estimator": "kerasrun.bridge.model_to_estimator",
    "MultiClassHead": _PREMADE,
    "MultiHead": _PREMADE,
    "MultiLabelHead": _PREMADE,
    "NanLossDuringTrainingError": "kerasrun.bridge.errors",
    "NanTensorHook": _OF_TENSORFLOW,
    "OnnxExporter": "kerasrun.exporters",
    "PoissonRegressionHead": _PREMADE,
    "ProfilerHook": "kerasrun.bridge.hooks.profiler",
    "RegressionHead": _PREMADE,
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
    "BaselineClassifier",
    "BaselineEstimator",
    "BaselineRegressor",
    "BestExporter",
    "BinaryClassHead",
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "CoreMLExporter",
    "DNNClassifier",
    "DNNEstimator",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedEstimator",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "Estimator",
    "EstimatorSpec",
    "EvalSpec",
    "Exporter",
    "FeedFnHook",
    "FinalExporter",
    "FinalOpsHook",
    "GlobalStepWaiterHook",
    "Head",
    "LatestExporter",
    "LinearClassifier",
    "LinearEstimator",
    "LinearRegressor",
    "LoggingTensorHook",
    "LogisticRegressionHead",
    "ModeKeys",
    "MultiClassHead",
    "MultiHead",
    "MultiLabelHead",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "OnnxExporter",
    "PoissonRegressionHead",
    "ProfilerHook",
    "RegressionHead",
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
    "forward_features",
    "inputs",
    "model_to_estimator",
    "train_and_evaluate",
]
__getattr__ = lazy_names(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})


if os.environ.get("TF_CONFIG", "").strip():  # before the program makes its first tensor
    from kerasrun.bridge.distribute.cluster import join_by_environment

    join_by_environment()
