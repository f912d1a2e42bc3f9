"""Estimators for Keras 3, and the command that runs them.

    import kerasrun

    estimator = kerasrun.model_to_estimator(keras_model=model, model_dir="out")
    kerasrun.train_and_evaluate(estimator, train_spec, eval_spec)

`kerasrun.estimator` is the namespace in the shape of `tf.estimator`; the parts are
`kerasrun.bridge`, `kerasrun.exporters`, `kerasrun.input_fns`, `kerasrun.runs` and `kerasrun.cli`.
Importing this package imports none of them, and so neither TensorFlow nor Keras: a name is
imported when it is first asked for.
"""

from typing import TYPE_CHECKING

from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.bridge.checkpoint_import import import_checkpoint
    from kerasrun.bridge.estimator import Estimator
    from kerasrun.bridge.model_to_estimator import model_to_estimator
    from kerasrun.bridge.run_config import RunConfig
    from kerasrun.bridge.specs import EvalSpec, TrainSpec
    from kerasrun.bridge.training import train_and_evaluate
    from kerasrun.compat.installing import install
    from kerasrun.exporters import BestExporter, Exporter, FinalExporter, LatestExporter
    from kerasrun.input_fns import csv_input_fn, numpy_input_fn, pandas_input_fn

__version__ = "0.1.0"

__all__ = [
    "BestExporter",
    "Estimator",
    "EvalSpec",
    "Exporter",
    "FinalExporter",
    "LatestExporter",
    "RunConfig",
    "TrainSpec",
    "csv_input_fn",
    "import_checkpoint",
    "install",
    "model_to_estimator",
    "numpy_input_fn",
    "pandas_input_fn",
    "train_and_evaluate",
]

__getattr__ = lazy_names(
    __name__,
    {
        "BestExporter": "kerasrun.exporters",
        "Estimator": "kerasrun.bridge.estimator",
        "EvalSpec": "kerasrun.bridge.specs",
        "Exporter": "kerasrun.exporters",
        "FinalExporter": "kerasrun.exporters",
        "LatestExporter": "kerasrun.exporters",
        "RunConfig": "kerasrun.bridge.run_config",
        "TrainSpec": "kerasrun.bridge.specs",
        "csv_input_fn": "kerasrun.input_fns",
        "import_checkpoint": "kerasrun.bridge.checkpoint_import",
        "install": "kerasrun.compat.installing",
        "model_to_estimator": "kerasrun.bridge.model_to_estimator",
        "numpy_input_fn": "kerasrun.input_fns",
        "pandas_input_fn": "kerasrun.input_fns",
        "train_and_evaluate": "kerasrun.bridge.training",
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
