"""The `tf.estimator.export` namespace: what a served model receives, and what it answers."""

from typing import TYPE_CHECKING

from kerasrun._lazy import lazy_names

if TYPE_CHECKING:
    from kerasrun.exporters import (
        ClassificationOutput,
        ExportOutput,
        PredictOutput,
        RegressionOutput,
        ServingInputReceiver,
        SupervisedInputReceiver,
        TensorServingInputReceiver,
        build_parsing_serving_input_receiver_fn,
        build_raw_serving_input_receiver_fn,
    )

__all__ = [
    "ClassificationOutput",
    "ExportOutput",
    "PredictOutput",
    "RegressionOutput",
    "ServingInputReceiver",
    "SupervisedInputReceiver",
    "TensorServingInputReceiver",
    "build_parsing_serving_input_receiver_fn",
    "build_raw_serving_input_receiver_fn",
]
__getattr__ = lazy_names(__name__, dict.fromkeys(__all__, "kerasrun.exporters"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
