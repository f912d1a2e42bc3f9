"""The `tf.estimator` namespace, on today's TensorFlow.

    from kerasrun import estimator as tf_estimator

    estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir="out")
    tf_estimator.train_and_evaluate(estimator, train_spec, eval_spec)

Importing it imports TensorFlow only when a name is asked for.
"""

from typing import TYPE_CHECKING

from kerasrun import export
from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.bridge.errors import NanLossDuringTrainingError
    from kerasrun.bridge.estimator import Estimator
    from kerasrun.bridge.mode_keys import ModeKeys
    from kerasrun.bridge.model_to_estimator import model_to_estimator
    from kerasrun.bridge.run_config import RunConfig
    from kerasrun.bridge.specs import EvalSpec, TrainSpec
    from kerasrun.bridge.training import train_and_evaluate
    from kerasrun.exporters import BestExporter, Exporter, FinalExporter, LatestExporter

_WHERE = {
    "BestExporter": "kerasrun.exporters",
    "Estimator": "kerasrun.bridge.estimator",
    "EvalSpec": "kerasrun.bridge.specs",
    "Exporter": "kerasrun.exporters",
    "FinalExporter": "kerasrun.exporters",
    "LatestExporter": "kerasrun.exporters",
    "ModeKeys": "kerasrun.bridge.mode_keys",
    "NanLossDuringTrainingError": "kerasrun.bridge.errors",
    "RunConfig": "kerasrun.bridge.run_config",
    "TrainSpec": "kerasrun.bridge.specs",
    "model_to_estimator": "kerasrun.bridge.model_to_estimator",
    "train_and_evaluate": "kerasrun.bridge.training",
}

__all__ = [
    "BestExporter",
    "Estimator",
    "EvalSpec",
    "Exporter",
    "FinalExporter",
    "LatestExporter",
    "ModeKeys",
    "NanLossDuringTrainingError",
    "RunConfig",
    "TrainSpec",
    "export",
    "model_to_estimator",
    "train_and_evaluate",
]
__getattr__ = lazy_names(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
